"""An unsafe vehicle is not armed, and it is said why."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from liquid_nav.errors import ConfigError
from liquid_nav.flight.ardupilot import ArduPilot
from liquid_nav.flight.dialect import Dialect
from liquid_nav.flight.px4 import Px4
from liquid_nav.flight.state_machine import FlightError, FlightState
from tests.fake_ardupilot import FakeArduPilot
from tests.fake_autopilot import INT32, REAL32
from tests.fake_px4 import FakePx4
from tests.flight.bench import Bench

PX4_SAFE = {"COM_OBL_RC_ACT": 5, "COM_OF_LOSS_T": 0.5, "COM_LOW_BAT_ACT": 3, "GF_ACTION": 2, "GF_MAX_HOR_DIST": 50.0}
ARDUPILOT_SAFE = {"GUID_TIMEOUT": 1, "FENCE_ENABLE": 1, "FS_GCS_ENABLE": 5, "BATT_FS_LOW_ACT": 1, "ARMING_CHECK": 1}
Make = Callable[..., Bench]


@pytest.mark.parametrize(
    ("dialect", "safe", "changed", "radio", "refuses", "says"),
    [
        (Px4(), PX4_SAFE, {}, False, None, None),
        (Px4(), PX4_SAFE, {"COM_OBL_RC_ACT": 4}, False, None, None),
        (Px4(), PX4_SAFE, {"COM_OBL_RC_ACT": 0}, False, True, "set it to 5 (Hold) or 4 (Land)"),
        (Px4(), PX4_SAFE, {"COM_OBL_RC_ACT": 1}, False, True, "Altitude"),
        (Px4(), PX4_SAFE, {"COM_OBL_RC_ACT": 2}, False, True, "Manual"),
        (Px4(), PX4_SAFE, {"COM_OBL_RC_ACT": 0}, True, False, "recommended"),
        (Px4(), PX4_SAFE, {"COM_OBL_RC_ACT": 3}, False, False, "recommended"),
        (Px4(), PX4_SAFE, {"COM_OBL_RC_ACT": 6}, True, True, "Terminate"),
        (Px4(), PX4_SAFE, {"COM_OBL_RC_ACT": 7}, True, True, "Disarm"),
        (Px4(), PX4_SAFE, {"COM_OBL_RC_ACT": None}, True, True, "could not be read"),
        (Px4(), PX4_SAFE, {"COM_OF_LOSS_T": 1.0}, True, False, "0.5 is recommended"),
        (Px4(), PX4_SAFE, {"COM_OF_LOSS_T": 10.0}, True, True, "blindly"),
        (Px4(), PX4_SAFE, {"COM_OF_LOSS_T": math.nan}, True, True, "blindly"),
        (Px4(), PX4_SAFE, {"COM_OF_LOSS_T": None}, True, True, "could not be read"),
        (Px4(), PX4_SAFE, {"COM_LOW_BAT_ACT": 0}, True, False, "low battery"),
        (Px4(), PX4_SAFE, {"GF_MAX_HOR_DIST": 0.0}, True, False, "no fence"),
        (Px4(), PX4_SAFE, {"GF_ACTION": 0}, True, False, "no fence"),
        (Px4(), PX4_SAFE, {"GF_ACTION": 1}, True, False, "no fence stops it"),
        (ArduPilot(), ARDUPILOT_SAFE, {}, False, None, None),
        (ArduPilot(), ARDUPILOT_SAFE, {"GUID_TIMEOUT": 3}, False, False, "1 or less is recommended"),
        (ArduPilot(), ARDUPILOT_SAFE, {"GUID_TIMEOUT": 30}, False, True, "blindly"),
        (ArduPilot(), ARDUPILOT_SAFE, {"GUID_TIMEOUT": None}, False, True, "Copter 4.1"),
        (ArduPilot(), ARDUPILOT_SAFE, {"ARMING_CHECK": 0}, False, True, "unchecked"),
        (ArduPilot(), ARDUPILOT_SAFE, {"ARMING_CHECK": None, "ARMING_SKIPCHK": 0}, False, None, None),
        (ArduPilot(), ARDUPILOT_SAFE, {"ARMING_CHECK": None, "ARMING_SKIPCHK": -1}, False, True, "unchecked"),
        (ArduPilot(), ARDUPILOT_SAFE, {"ARMING_CHECK": None, "ARMING_SKIPCHK": 4}, False, False, "some checks"),
        (ArduPilot(), ARDUPILOT_SAFE, {"ARMING_CHECK": None}, False, True, "neither ARMING_CHECK nor"),
        (ArduPilot(), ARDUPILOT_SAFE, {"SYSID_MYGCS": 255}, False, False, "not this program, system 1"),
        (ArduPilot(), ARDUPILOT_SAFE, {"MAV_GCS_SYSID": 255}, False, False, "not this program, system 1"),
        (ArduPilot(), ARDUPILOT_SAFE, {"SYSID_MYGCS": 1}, False, None, None),
        (ArduPilot(), ARDUPILOT_SAFE, {"SYSID_MYGCS": 255}, True, None, None),
        (ArduPilot(), ARDUPILOT_SAFE, {"FENCE_ACTION": 0}, True, False, "only reports"),
        (ArduPilot(), ARDUPILOT_SAFE, {"FENCE_ACTION": 4}, True, None, None),
        (ArduPilot(), ARDUPILOT_SAFE, {"FS_GCS_ENABLE": 0}, False, False, "no radio"),
        (ArduPilot(), ARDUPILOT_SAFE, {"FS_GCS_ENABLE": 0}, True, None, None),
        (ArduPilot(), ARDUPILOT_SAFE, {"BATT_FS_LOW_ACT": 0}, True, False, "low battery"),
        (ArduPilot(), ARDUPILOT_SAFE, {"FENCE_ENABLE": 0}, True, False, "no fence"),
    ],
)
def test_each_parameter_is_judged(
    dialect: Dialect, safe: dict, changed: dict, radio: bool, refuses: bool | None, says: str | None
) -> None:
    found = dialect.judge(safe | changed, radio=radio, system_id=1)
    if says is None:
        assert found == []
    else:
        assert [finding.refuses for finding in found] == [refuses]
        assert says in found[0].text


def test_px4_as_delivered_is_not_armed_without_a_radio_but_with_one(make_bench: Make) -> None:
    bench = make_bench(FakePx4())
    bench.run(8.0)
    assert bench.state is FlightState.PREFLIGHT
    with pytest.raises(FlightError, match=r"arm is refused in state preflight.*COM_OBL_RC_ACT is 0 \(Position\)"):
        bench.request("arm")
    bench.fake.radio = True
    bench.fly_to_hold()


def test_ardupilot_as_delivered_is_armed_with_recommendations(make_bench: Make) -> None:
    bench = make_bench(FakeArduPilot())
    assert bench.reach(FlightState.READY) == pytest.approx(41.0, abs=1.0)
    recommendations = str(bench.controller.health(bench.now_s)["recommendations"])
    assert "GUID_TIMEOUT is 3 s: 1 or less is recommended" in recommendations and "no fence is set" in recommendations


def test_a_parameter_that_a_ground_station_mends_makes_the_vehicle_ready(make_bench: Make) -> None:
    fake = FakePx4(ready_s=0.0)
    bench = make_bench(fake)
    bench.run(3.0)
    assert bench.state is FlightState.PREFLIGHT
    fake.parameters["COM_OBL_RC_ACT"] = (5, INT32)
    fake._answer_parameter("COM_OBL_RC_ACT")  # every change is told to all
    bench.reach(FlightState.READY, 1.0)
    fake.parameters["COM_OF_LOSS_T"] = (60.0, REAL32)
    fake._answer_parameter("COM_OF_LOSS_T")
    bench.reach(FlightState.PREFLIGHT, 1.0)
    assert bench.said("COM_OF_LOSS_T is 60 s")


def test_parameters_are_read_over_a_line_that_loses_every_second_frame(make_bench: Make) -> None:
    bench = make_bench(FakePx4.safe(loss=0.5))
    bench.until(lambda: "still being read" not in str(bench.controller.health(bench.now_s)["refusals"]), 30.0)
    assert "could not be read" not in str(bench.controller.health(bench.now_s)["refusals"])


def test_a_missing_parameter_is_refused_after_a_while(make_bench: Make) -> None:
    fake = FakePx4.safe()
    del fake.parameters["COM_OBL_RC_ACT"]
    bench = make_bench(fake)
    missing = "COM_OBL_RC_ACT could not be read"
    bench.until(lambda: missing in str(bench.controller.health(bench.now_s)["refusals"]), 6.0)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("battery_percent", 20, "the battery is at 20%: charge it above 25%"),
        ("estimator_flags", 1, "the estimate lacks horizontal velocity, vertical velocity"),
        ("estimator_flags", 0x3FF & ~(8 | 16), "the estimate lacks position"),
        ("no_position", True, "the last position is"),
        ("ready_s", 1e9, "the autopilot's own checks fail"),
    ],
)
def test_a_vehicle_in_bad_health_is_not_armed(make_bench: Make, name: str, value: object, says: str) -> None:
    bench = make_bench(FakePx4.safe())
    bench.reach(FlightState.READY)
    setattr(bench.fake, name, value)
    bench.reach(FlightState.PREFLIGHT, 3.0)
    bench.until(lambda: says in str(bench.controller.health(bench.now_s)["refusals"]), 3.0)


def test_another_autopilot_than_the_one_named_is_not_flown(make_bench: Make) -> None:
    bench = make_bench(FakePx4.safe(), autopilot="ardupilot")
    bench.run(3.0)
    assert bench.state is FlightState.DISCONNECTED
    assert bench.said("is px4: set autopilot to it")


def test_an_unknown_kind_of_autopilot_is_refused() -> None:
    fake = FakePx4.safe()
    with pytest.raises(ConfigError, match="use auto, px4 or ardupilot"):
        Bench(fake, autopilot="betaflight")
    fake.close()


def test_an_aeroplane_is_not_flown(make_bench: Make) -> None:
    fake = FakePx4.safe()
    send = fake.send

    def as_aeroplane(message: object) -> None:
        if message.get_type() == "HEARTBEAT":
            message.type = 1
        send(message)

    fake.send = as_aeroplane
    bench = make_bench(fake)
    bench.run(3.0)
    assert bench.state is FlightState.DISCONNECTED
    assert bench.said("MAV_TYPE_FIXED_WING: only multicopters are flown")
