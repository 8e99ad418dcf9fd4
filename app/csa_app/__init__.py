"""The screens: tables and params in, pages out."""

import os

# Matrices are small here: more threads cost more than they give. Set before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
