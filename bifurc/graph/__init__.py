"""The branch graph: events and ends as nodes, pieces of branches as edges, and its files."""
