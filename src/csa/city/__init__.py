"""A city: its file, its dataset, and what is stored with the dataset."""
