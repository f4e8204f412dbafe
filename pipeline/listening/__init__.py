"""Audio in, detections out: sources of any length, the device's own C on this machine, and a page to look at."""
