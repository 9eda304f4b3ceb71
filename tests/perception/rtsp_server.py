"""A red picture as an RTSP stream: run by the system's Python, which has GStreamer's server where it is installed.

``python3 rtsp_server.py PORT`` prints ``ready`` and serves ``rtsp://127.0.0.1:PORT/main``; status 3 without GStreamer.
"""

import sys

try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer
except (ImportError, ValueError):
    sys.exit(3)

PIPELINE = (
    "( videotestsrc is-live=true pattern=red ! video/x-raw,format=I420,width=320,height=240,framerate=20/1 ! jpegenc"
    " ! rtpjpegpay name=pay0 pt=26 )"
)

Gst.init(None)
if not all(Gst.ElementFactory.find(name) for name in ("videotestsrc", "jpegenc", "rtpjpegpay")):
    sys.exit(3)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(PIPELINE)
factory.set_shared(True)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
server.get_mount_points().add_factory("/main", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
