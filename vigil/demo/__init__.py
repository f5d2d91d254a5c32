"""The demo: a story on an embedded AWS, each scene caught by the deployed functions."""
