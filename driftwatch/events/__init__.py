"""Records become columns of events; labels meet their predictions; every record ends in one class."""
