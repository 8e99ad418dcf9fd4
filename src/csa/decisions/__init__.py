"""Every change of the store: the role is checked here, then it is written, with who and why.

Also the choices made in Compare and choose, as files: a choice comes before a decision.
"""

from csa.decisions.choices import Choice, list_choices, passed_over, save_choice

__all__ = ["Choice", "list_choices", "passed_over", "save_choice"]
