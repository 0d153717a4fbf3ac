"""The pages that people read: HTML made on the server from the last picture, without scripts."""
