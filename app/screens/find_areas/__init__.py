"""The page Find areas."""
