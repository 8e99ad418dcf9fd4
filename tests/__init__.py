"""The tests, as a package: a library of the same name is installed beside us."""
