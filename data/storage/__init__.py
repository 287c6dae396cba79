"""Files on disks that fail, and HDF5 files that may be anything."""
