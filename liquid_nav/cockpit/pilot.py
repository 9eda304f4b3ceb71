"""What the wishes of pages do to the vehicle, and what happens when the page with the controls is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from liquid_nav.cockpit.access import Role
from liquid_nav.cockpit.board import Board
from liquid_nav.cockpit.config import CockpitConfig
from liquid_nav.cockpit.connection import Connection
from liquid_nav.cockpit.controls import Controls
from liquid_nav.cockpit.vehicle import DANGEROUS_ORDERS, DATA_ORDERS, SAFE_ORDERS, WORLD_ORDERS, Vehicle
from liquid_nav.cockpit.wishes import Beat, Focus, Note, Order, Release, Seen, Take, Wish, WishError
from liquid_nav.types import VelocityCommand

VERTICAL_SHARE = 0.5  # of the speed, at full deflection
PRESENCE_S = 0.1
STOP_REPEAT_S = 0.05
STOP_CALL_S = 0.3
STOP_TRIES_S = 3.0


class Pilot:
    """Carries out wishes; only the page that has the controls flies.

    Args:
        config: limits of the pilot.
        vehicle: that is commanded.
        board: takes what happened.
        controls: who has them.
    """

    def __init__(self, config: CockpitConfig, vehicle: Vehicle, board: Board, controls: Controls) -> None:
        self._config, self._vehicle, self._board, self._controls = config, vehicle, board, controls
        self._tasks: set[asyncio.Task[None]] = set()
        self._shown, self._shown_s = False, float("-inf")

    def controls_of(self, connection: Connection) -> str:
        """Return who has the controls, as a page sees it: ``you``, ``other`` or ``free``."""
        if self._controls.free:
            return "free"
        return "you" if self._controls.holds(connection) else "other"

    def take(self, connection: Connection, wish: Wish, now_s: float) -> None:
        """Carry out a wish of a page.

        Raises:
            WishError: when the page has no right to it.
        """
        if isinstance(wish, Seen):
            connection.seen(wish.number, state=wish.state)
            return
        if connection.role is not Role.PILOT:
            if isinstance(wish, Beat):
                connection.echo = wish.sent
                return
            raise WishError("this page may only look: open the address with the token")
        match wish:
            case Beat():
                self._beat(connection, wish, now_s)
            case Order():
                self._order(connection, wish, now_s)
            case Note():
                self._vehicle.note(wish.text)
                self._board.tell(f"note: {wish.text}")
            case Focus():
                self.lose(connection, "the page that had the controls has lost the focus")
            case Release():
                if self._controls.release(connection):
                    self._board.tell("the controls are free; the vehicle flies on")
            case Take():
                self._take_over(connection, now_s)

    def watch(self, now_s: float) -> None:
        """Look whether the page with the controls is still there."""
        lost = self._controls.overdue(now_s)
        if lost is not None:
            self.lose(lost, f"the page that had the controls was silent for {self._config.loss_s:g} s")
        self._show_presence(now_s)

    def _show_presence(self, now_s: float) -> None:
        held = not self._controls.free
        if held is not self._shown or (held and now_s - self._shown_s >= PRESENCE_S):
            self._shown, self._shown_s = held, now_s
            self._vehicle.show_presence(held)

    def lose(self, client: object, reason: str) -> None:
        """A page is gone or looks away: if it had the controls, the vehicle holds."""
        if self._controls.release(client) and self._board.may_move:
            self._board.tell(f"{reason}: hold", "warn")
            self._run(self._stop())

    async def finish(self) -> None:
        """Wait a moment until what was begun is done, and give up the rest."""
        tasks = list(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _beat(self, connection: Connection, beat: Beat, now_s: float) -> None:
        connection.echo = beat.sent
        self._controls.hear(connection, now_s)
        if beat.stick is None or not self._controls.take(connection, now_s):
            return
        forward, left, up, turn = beat.stick
        speed = self._config.max_speed_m_s
        self._vehicle.fly(
            VelocityCommand(
                forward * speed, left * speed, up * VERTICAL_SHARE * speed, turn * self._config.max_yaw_rate_rad_s
            )
        )

    def _order(self, connection: Connection, order: Order, now_s: float) -> None:
        if order.name in DANGEROUS_ORDERS and not order.confirmed:
            connection.answer(kind="answer", number=order.number, done=False, text=f"{order.name} must be confirmed")
            return
        commands = order.name not in (*SAFE_ORDERS, *DATA_ORDERS)
        if commands and not self._controls.take(connection, now_s):
            text = f"{order.name} is refused: another page has the controls"
            connection.answer(kind="answer", number=order.number, done=False, text=text)
            return
        self._show_presence(now_s)  # before the vehicle moves, somebody else knows that a page has the controls
        self._run(self._carry_out(connection, order))

    async def _carry_out(self, connection: Connection, order: Order) -> None:
        if order.name in WORLD_ORDERS:
            await self._vehicle.order("hold")  # another flight begins with the pilot's engage
        answer = await self._vehicle.order(order.name)
        connection.answer(kind="answer", number=order.number, done=answer.done, text=answer.text)
        self._board.tell(f"{order.name}: {answer.text}", "info" if answer.done else "warn")
        if answer.done and order.name in WORLD_ORDERS:
            self._board.clear_path()

    def _take_over(self, connection: Connection, now_s: float) -> None:
        if self._controls.take(connection, now_s):
            return
        self._controls.release(self._controls.holder)
        self._controls.take(connection, now_s)
        self._board.tell("another page has taken the controls: hold", "warn")
        if self._board.may_move:
            self._run(self._stop())

    async def _stop(self) -> None:
        """Stand still at once, and hold as soon as the bridge says so."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + STOP_TRIES_S
        call = asyncio.create_task(self._vehicle.order("hold"))
        called_s = loop.time()
        while loop.time() < end_s:
            self._vehicle.fly(VelocityCommand())  # outranks the policy until the bridge holds
            await asyncio.wait([call], timeout=STOP_REPEAT_S)
            if call.done() and call.result().done:
                return
            if call.done() or loop.time() - called_s > STOP_CALL_S:
                call.cancel()
                call, called_s = asyncio.create_task(self._vehicle.order("hold")), loop.time()
                await asyncio.sleep(STOP_REPEAT_S)
        call.cancel()
        self._board.tell("hold was not confirmed: is the flight bridge running?", "bad")

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
