"""Parts of the loader: collating, fetching, and worker processes."""
