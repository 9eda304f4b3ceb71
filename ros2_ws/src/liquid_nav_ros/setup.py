"""ament_python package of the ROS 2 nodes."""

from glob import glob

from setuptools import setup

NODES = ("camera", "sim", "policy", "safety", "flight_bridge", "teleop", "recorder", "monitor", "cockpit")

setup(
    name="liquid_nav_ros",
    version="0.2.0",
    packages=["liquid_nav_ros"],
    package_data={"liquid_nav_ros": ["fastdds.xml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/liquid_nav_ros"]),
        ("share/liquid_nav_ros", ["package.xml", "QUALITY_DECLARATION.md"]),
        ("share/liquid_nav_ros/launch", glob("../../../launch/*.launch.py")),
        ("share/liquid_nav_ros/launch/params", glob("../../../launch/params/*.yaml")),
    ],
    install_requires=["setuptools"],
    extras_require={"test": ["pytest"]},
    zip_safe=True,
    maintainer="liquid_nav maintainers",
    maintainer_email="maintainers@liquid-nav.dev",
    description="ROS 2 nodes of liquid_nav",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            *(f"{node}_node = liquid_nav_ros.{node}_node:main" for node in NODES),
            "compose = liquid_nav_ros.compose:main",
        ]
    },
)
