"""The ROS 2 side of liquid_nav; the only package that imports rclpy."""
