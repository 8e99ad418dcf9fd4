"""Where shootings concentrate: DBSCAN clusters and candidate areas."""
