"""What MO must say: rows, and MO as it is, to timelines. Pure; the only place that knows what a LOS row means in MO."""
