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
from liquid_nav.cockpit.moves import Move, Moves
from liquid_nav.cockpit.vehicle import (
    DANGEROUS_ORDERS,
    DATA_ORDERS,
    MOVE_ORDERS,
    SAFE_ORDERS,
    WORLD_ORDERS,
    Answer,
    Vehicle,
)
from liquid_nav.cockpit.wishes import Beat, Focus, Note, Order, Release, Seen, Take, Wish, WishError
from liquid_nav.types import VelocityCommand

VERTICAL_SHARE = 0.5  # of the speed, at full deflection
PRESENCE_S = 0.1
STOP_REPEAT_S = 0.05
STOP_CALL_S = 0.3
STOP_TOLD_S = 3.0


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
        self._moves = Moves()
        self._worlds = 0  # orders to the world that are under way
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping: asyncio.Task[None] | None = None
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
            if isinstance(wish, Focus):  # it has no controls to lose
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
        self._moves.look(now_s)
        if self._board.moves and not self._is_stopping:
            order = self._moves.carried_out_nonetheless()
            if order is not None:
                self._board.tell(f"the vehicle moves on an order that had been called off: {order}", "warn")
                self._stop(order)
        self._show_presence(now_s)

    @property
    def _may_move(self) -> bool:
        """True while the vehicle moves or may begin to."""
        return self._board.may_move or bool(self._moves)

    @property
    def _is_stopping(self) -> bool:
        return self._stopping is not None and not self._stopping.done()

    def _show_presence(self, now_s: float) -> None:
        held = not self._controls.free
        if held is not self._shown or (held and now_s - self._shown_s >= PRESENCE_S):
            self._shown, self._shown_s = held, now_s
            self._vehicle.show_presence(held)

    def lose(self, client: object, reason: str) -> None:
        """A page is gone or looks away: if it had the controls, the vehicle holds."""
        if self._controls.release(client) and self._may_move:
            self._board.tell(f"{reason}: hold", "warn")
            self._moves.call_off("hold")
            self._stop()

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
        refusal = self._refusal(connection, order, now_s)
        if refusal is not None:
            connection.answer(kind="answer", number=order.number, done=False, text=f"{order.name} {refusal}")
            return
        self._show_presence(now_s)  # before the vehicle moves, somebody else knows that a page has the controls
        if order.name in SAFE_ORDERS and self._is_stopping:
            self._stop(order.name)  # else one would undo the other
        self._run(self._carry_out(connection, order, self._begin(order.name)))

    def _refusal(self, connection: Connection, order: Order, now_s: float) -> str | None:
        """Return why an order is not even begun; the page takes free controls with those that need them."""
        if order.name in DANGEROUS_ORDERS and not order.confirmed:
            return "must be confirmed"
        if order.name in MOVE_ORDERS and self._worlds:
            return "is refused while the world begins again: order it when that is done"
        if order.name not in (*SAFE_ORDERS, *DATA_ORDERS) and not self._controls.take(connection, now_s):
            return "is refused: another page has the controls"
        return None

    def _begin(self, name: str) -> Move | None:
        """Take that an order is under way before anything else can happen."""
        if name in MOVE_ORDERS:
            return self._moves.begin(name)
        if name in WORLD_ORDERS:
            self._worlds += 1
        if name in (*SAFE_ORDERS, *WORLD_ORDERS):
            self._moves.call_off("land" if name == "land" else "hold")
        return None

    async def _carry_out(self, connection: Connection, order: Order, move: Move | None) -> None:
        answer = await (self._begin_again(order.name) if order.name in WORLD_ORDERS else self._ask(order.name))
        if move is not None:
            self._moves.end(move, answer, asyncio.get_running_loop().time())
            if move.called_off_by and (answer.done or answer.open):
                self._board.tell(f"{order.name} had been called off: {move.called_off_by}", "warn")
                self._stop(move.called_off_by)
        connection.answer(kind="answer", number=order.number, done=answer.done, text=answer.text)
        self._board.tell(f"{order.name}: {answer.text}", "info" if answer.done else "warn")

    async def _begin_again(self, name: str) -> Answer:
        """Another flight begins with the pilot's engage: hold before the world changes, and after it if need be."""
        try:
            held = await self._ask("hold")
            if not held.done and self._may_move:
                return Answer(False, f"{name} is left undone as the vehicle does not hold: {held.text}")
            answer = await self._ask(name)
        finally:
            self._worlds -= 1
        if answer.done:
            self._board.clear_path()
        if self._may_move:
            self._stop()
        return answer

    async def _ask(self, name: str) -> Answer:
        """Give an order and return what became of it, whatever happens to the link."""
        ended = self._moves.carried_out() if name in SAFE_ORDERS else []
        try:
            answer = await self._vehicle.order(name)
        except Exception as error:
            return Answer(False, f"{name} has failed ({type(error).__name__}: {error})", open=True)
        if answer.done:
            self._moves.forget(ended)
        return answer

    def _take_over(self, connection: Connection, now_s: float) -> None:
        if self._controls.take(connection, now_s):
            return
        self._controls.release(self._controls.holder)
        self._controls.take(connection, now_s)
        self._board.tell("another page has taken the controls: hold", "warn")
        self._moves.call_off("hold")
        if self._may_move:
            self._stop()

    def _stop(self, order: str = "hold") -> None:
        """Stand still at once; what stopped the vehicle until now is replaced."""
        if self._stopping is not None:
            self._stopping.cancel()
        self._stopping = self._run(self._stand_still(order))

    async def _stand_still(self, order: str) -> None:
        """Stand still, and hold or land as soon as the bridge says so; without a pilot, until nothing can move."""
        loop = asyncio.get_running_loop()
        holder, begun_s, told = self._controls.holder, loop.time(), False
        while self._controls.holder is holder:
            if await self._try(order, holder):
                if told:
                    self._board.tell(f"{order} is confirmed at last")
                return
            if not self._may_move:
                return
            if not told and loop.time() - begun_s >= STOP_TOLD_S:
                self._board.tell(f"{order} was not confirmed: is the flight bridge running?", "bad")
                told = True
                if holder is not None:  # somebody is there who sees it
                    return

    async def _try(self, order: str, holder: object) -> bool:
        """Ask once while the vehicle is kept still; return whether it was done."""
        loop = asyncio.get_running_loop()
        call, end_s = asyncio.create_task(self._ask(order)), loop.time() + STOP_CALL_S
        try:
            while self._controls.holder is holder and not call.done() and loop.time() < end_s:
                self._vehicle.fly(VelocityCommand())  # outranks the policy until the bridge holds
                await asyncio.wait([call], timeout=STOP_REPEAT_S)
            if not call.done():
                return False
            if not call.result().done:
                await asyncio.sleep(STOP_REPEAT_S)  # a refusal comes at once
            return call.result().done
        finally:
            call.cancel()

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
