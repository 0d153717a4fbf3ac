"""The pure core put together: records in; at each commit, changes to store, facts, and a snapshot out."""
