"""The commands: a function each, its docstring the help; `csa.cli` gathers them."""
