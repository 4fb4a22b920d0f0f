"""From all counts that a cohort's tables tell to those that are withheld: small ones, and those that give them away."""

from __future__ import annotations

from replicalc.disclosure.attack import Attack
from replicalc.disclosure.model import Model
from replicalc.disclosure.people import FLOW, MISSING, Count, People
from replicalc.disclosure.tellings import Telling, Told
from replicalc.errors import ReplicalcError


class Protection:
    """Collects what is told of a cohort, then decides."""

    def __init__(self, people: People, threshold: int):
        self.people, self.threshold = people, threshold
        self.counts: dict[Told, int] = {}
        #: The patients behind a count; fewer where rows are lesions.
        self.persons: dict[Told, int] = {}
        #: How many numbers are lost where a count is withheld.
        self.uses: dict[Told, int] = {}
        self.attack: Attack | None = None

    def tell(self, telling: Telling) -> None:
        """Add what a number tells. A model of several factors does not tell its cells."""
        for told in telling.counts if telling.kind != "model" or telling.about else ():
            self.uses[told] = self.uses.get(told, 0) + 1
            if told[0] is not None and told not in self.counts:
                inside, without = (0 if each is None else self.people.mask(each) for each in told)
                self.counts[told] = (inside & ~without).bit_count()
                self.persons[told] = self.people.persons(inside & ~without, self.threshold)

    def withheld(
        self,
        complementary: bool = True,
        shown: frozenset[Told] = frozenset(),
        kept_back: frozenset[Told] = frozenset(),
    ) -> dict[Told, str]:
        """Decide: each withheld count with its rule. Everything, where the attack does not come to an end.

        ``shown`` are counts that are released already, which nothing can take back, and ``kept_back`` those that an
        earlier plan withholds and that are told by nobody. What they give away alone nothing can protect any more.
        Where more would be told unless a count that is shown was withheld, everything else is.
        """
        found = {told: "small" for told, value in self.persons.items() if 0 < value < self.threshold}
        found |= dict.fromkeys(self._one_valued(shown), "small")
        if not complementary:
            return found
        try:
            return self._linked(found, shown, kept_back)
        except ReplicalcError:
            return dict.fromkeys(self.counts, "linked") | found

    def _linked(self, small: dict[Told, str], shown: frozenset[Told], kept_back: frozenset[Told]) -> dict[Told, str]:
        model = Model(self.people, [each for told in self.counts for each in told if each is not None])
        wide = {told for told in self.counts if any(each in model.too_wide for each in told)}
        # Counts that stand for the same patients by logic are one: if one is withheld, all of them are.
        same: dict[tuple, list[Told]] = {}
        for told in self.counts:
            if told not in wide:
                same.setdefault(tuple(sorted(model.sum_of(told).items())), []).append(told)
        same.pop((), None)
        first = {key: mine[0] for key, mine in same.items()}
        value = {key: self.counts[told] for key, told in first.items()}
        uses = {key: sum(self.uses[told] for told in mine) for key, mine in same.items()}
        fixed = {key for key, mine in same.items() if any(told in shown for told in mine)}
        gone = [key for key, mine in same.items() if key not in fixed and any(told in small for told in mine)]
        aims = {key: value[key] for key in gone}
        key_of = {told: key for key, mine in same.items() for told in mine}
        for outer, inner, difference in self._differences([told for mine in same.values() for told in mine]):
            total = dict(key_of[outer])
            for column, sign in key_of[inner]:
                total[column] = total.get(column, 0.0) - sign
            aims[tuple(sorted((column, sign) for column, sign in total.items() if sign))] = difference
        silent = {key for key, mine in same.items() if key not in fixed and any(told in kept_back for told in mine)}
        released = {key: value[key] for key in sorted(same) if key not in set(gone) | silent}
        if fixed:
            before = Attack(model, {key: value[key] for key in sorted(fixed)}, aims, self.threshold)
            aims = {each: aims[each] for at, each in enumerate(before.goals) if before.is_open(at)}
        self.attack = Attack(model, released, aims, self.threshold)
        cost = {key: (key in fixed, number == 0, uses[key], number, key) for key, number in released.items()}
        self.attack.protect(cost)
        self.attack.confirm(cost)
        self.attack.settle(cost)
        if fixed & set(self.attack.withheld):
            raise ReplicalcError("disclosure control: what is shown already gives a count away")
        linked = [told for key in [*self.attack.withheld, *silent] for told in same[key]]
        found = dict.fromkeys([*wide, *linked], "linked") | {told: "small" for key in gone for told in same[key]}
        return found | {told: "small" for told in small if told not in shown and told not in wide}

    def _one_valued(self, shown: frozenset[Told]) -> list[Told]:
        """Counts of a small group of whom all have the same: the count tells of each of them what he or she has.

        Where that count is shown already, it is the count of the group that must not be.
        """
        small = [told for told, value in self.counts.items() if 0 < value < 2 * self.threshold and told[1] is None]
        by_mask: dict[int, list[Count]] = {}
        for told in small:
            by_mask.setdefault(self.people.mask(told[0]), []).append(told[0])
        return [
            (other if (one, None) in shown and (other, None) not in shown else one, None)
            for same in by_mask.values()
            for one in same
            for other in same
            if self._names_a_category(one, other)
        ]

    def _differences(self, kept: list[Told]) -> list[tuple[Told, Told, int]]:
        """Pairs of nested counts that differ by fewer than the threshold: the difference is a small count too."""
        sets = sorted(
            (
                (self.people.mask(told[0]), self.counts[told], told)
                for told in kept
                if told[1] is None and self.counts[told]
            ),
            key=lambda each: each[1],
        )
        found = []
        for at, (inner_mask, inner_value, inner) in enumerate(sets):
            for outer_mask, outer_value, outer in sets[at + 1 :]:
                if outer_value - inner_value >= self.threshold:
                    break
                if outer_value > inner_value and not inner_mask & ~outer_mask and self._nested(inner[0], outer[0]):
                    found.append((outer, inner, outer_value - inner_value))
        return found

    def _nested(self, inner: Count, outer: Count) -> bool:
        """Tell whether the conditions themselves say that one count lies within the other."""
        mine = dict(inner)
        for axis, levels in outer:
            if not axis.startswith(FLOW) and not (axis in mine and mine[axis] <= levels):
                return False
        flows = [frozenset(each for each in side if each[0].startswith(FLOW)) for side in (inner, outer)]
        one, other = map(self.people.mask, flows)
        return not one & ~other

    def _names_a_category(self, one: Count, other: Count) -> bool:
        """Tell whether one count differs from the other only by naming a category in which patients differ."""
        mine, whole = dict(one), dict(other)
        if not whole.keys() <= mine.keys():
            return False
        changed = [axis for axis in mine if mine[axis] != whole.get(axis)]
        if len(changed) != 1 or changed[0].startswith(FLOW) or len(mine[changed[0]]) != 1:
            return False
        around = whole.get(changed[0], self.people.all_levels(changed[0])) - {MISSING}
        return mine[changed[0]] < around
