"""A made-up city: seeded, in open country, with a known truth to test the tool against."""
