"""The pages of extras: each a folder of the same name as in `csa.extras`."""
