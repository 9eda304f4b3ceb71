"""A web page to watch and fly a vehicle from; its server knows no ROS."""
