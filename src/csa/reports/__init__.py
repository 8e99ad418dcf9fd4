"""The monthly report by audience, the public's bundle, its pages and the map on the wall."""
