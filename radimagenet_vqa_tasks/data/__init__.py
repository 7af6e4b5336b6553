"""What the benchmarks' files are made with: where data sets come from, Question columns, images, archives."""
