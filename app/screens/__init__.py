"""One folder a page: `page.py` is what Streamlit runs, beside it the parts of that page alone."""
