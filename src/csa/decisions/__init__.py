"""Every change of the store: the role is checked here, then it is written, with who and why.

Also what was chosen in Compare and choose, as files: a choice is a step before a decision.
"""

from csa.decisions.choices import Choice, list_choices, passed_over, save_choice

__all__ = ["Choice", "list_choices", "passed_over", "save_choice"]
