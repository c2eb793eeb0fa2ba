"""The series stage: figures of every date with their intervals, totals, and the onset of growth."""
