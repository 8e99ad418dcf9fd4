"""Where risk is higher, and whether one shooting follows another nearby; never why."""
