"""One folder per page: `page.py` is what Streamlit runs; the parts of that page are beside it."""
