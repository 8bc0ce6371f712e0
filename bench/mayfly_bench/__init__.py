"""The benchmarks of bench/run: each module measures one thing and returns Rows (rows.py)."""
