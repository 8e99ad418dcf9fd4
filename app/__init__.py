"""The screens: tables and params in, pages out."""
