"""The benchmarks, one file each: everything that is particular to one stands there and nowhere else."""
