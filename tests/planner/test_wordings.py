"""Wordings of many kinds: what the offline planner makes of them, each a thing that once went wrong."""

import pytest

from videodirector.planner import OfflinePlanner
from videodirector.schemas import Box, Scene, VideoPlan


def plan(story: str) -> VideoPlan:
    return OfflinePlanner().plan(story)


def names(scene: Scene) -> list[str]:
    return [entity.name for entity in scene.entities]


def boxes(scene: Scene, entity: str) -> list[Box]:
    return [box for box in scene.entity(entity).layout if box is not None]


@pytest.mark.parametrize(
    ("story", "count"),
    [
        ("Half a dozen rabbits hop through a field.", 6),
        ("A trio of monkeys sits in a tree.", 4),
        ("A gaggle of geese crosses the road.", 4),
        ("Four birds sit on a wall, and six more fly above.", 5),
        ("Two cars: a red car and a blue car.", 2),
        ("Three animals sit in a row: a cat, a dog and a rabbit.", 3),
        ("On the table are a cake, two cups and a candle.", 5),
        ("The twins, Max and Leo, wait.", 2),
        ("The ball is blue and the box is red.", 2),
        ("The first car is yellow, the second car is black.", 2),
        ("Flowers are watered by a robot.", 4),
    ],
)
def test_as_many_as_are_told(story: str, count: int) -> None:
    assert len(plan(story).scenes[0].entities) == count


@pytest.mark.parametrize(
    ("story", "last"),
    [
        ("Tim's kite is stuck in a tree. He asks a giraffe for help.", ["Tim", "giraffe"]),
        ("Five monkeys jump. One falls. The doctor comes. The other four laugh.", ["monkey"] * 4),
        ("Three servants wait. The second carries a mirror.", ["servant", "mirror"]),
        ("Anna has two dogs. The big one sleeps.", ["dog"]),
        ("A fox cub wakes up. Its mother finds it.", ["mother fox", "fox cub"]),
        ("A fox runs. An owl flies. They meet.", ["fox", "owl"]),
        ("A girl meets a squirrel. The squirrel gives her a nut, and they share it.", ["girl", "squirrel", "nut"]),
        ("Mr. McGregor plants cabbages. He sings.", ["Mr McGregor"]),
        ("Peter Rabbit runs. Peter sleeps.", ["Peter Rabbit"]),
        ("Mia and her brother Ben go to the beach. The children swim.", ["Mia", "brother"]),
        ("The astronaut waves. She plants a flag. Her rover rolls. She leaves.", ["astronaut"]),
        ("A snowman waits. The children wave.", ["child"] * 3),
        ("The parrot, a wise old bird, sings.", ["parrot"]),
    ],
)
def test_who_is_meant(story: str, last: list[str]) -> None:
    assert sorted(names(plan(story).scenes[-1])) == sorted(last)


@pytest.mark.parametrize(
    ("story", "mover", "still", "dx", "dy"),
    [
        ("A dog drops a ball.", "ball", "dog", 0, 1),
        ("A boy throws a ball.", "ball", "boy", 1, 0),
        ("A knight raises a sword.", "sword", "knight", 0, -1),
        ("The wave washes the castle away.", "castle", "wave", 1, 0),
        ("The bridge is crossed by a train.", "train", "bridge", 1, 0),
        ("A car stops while a balloon goes up, then left.", "balloon", "car", -1, -1),
    ],
)
def test_what_is_done_to_a_thing_moves_the_thing(story: str, mover: str, still: str, dx: int, dy: int) -> None:
    scene = plan(story).scenes[-1]
    (x0, y0), (x1, y1) = boxes(scene, mover)[0].centre, boxes(scene, mover)[-1].centre
    assert dx * (x1 - x0) >= 0.05 * abs(dx)
    assert dy * (y1 - y0) >= 0.05 * abs(dy)
    assert boxes(scene, still)[0].centre == pytest.approx(boxes(scene, still)[-1].centre)


def test_who_makes_a_thing_grow_stays_as_large() -> None:
    scene = plan("A boy inflates a balloon.").scenes[0]
    assert boxes(scene, "balloon")[-1].area > 2 * boxes(scene, "balloon")[0].area
    assert boxes(scene, "boy")[-1].area == pytest.approx(boxes(scene, "boy")[0].area)


def test_what_is_left_somewhere_does_not_make_its_owner_leave() -> None:
    scene = plan("A man leaves a letter on the table.").scenes[0]
    assert None not in scene.entity("man").layout


@pytest.mark.parametrize(
    ("story", "order"),
    [
        ("A house stands on the left, a tree in the middle, and a car on the right.", ["house", "tree", "car"]),
        ("A big dog stands in the middle, a cat to its left and a bird to its right.", ["cat", "dog", "bird"]),
        ("A car is parked on the left and a bus on the right.", ["car", "bus"]),
    ],
)
def test_sides_of_the_picture_and_of_each_other(story: str, order: list[str]) -> None:
    scene = plan(story).scenes[0]
    assert sorted(order, key=lambda entity: boxes(scene, entity)[0].centre[0]) == order


def test_first_left_then_the_middle_then_right() -> None:
    found = plan("First a duck is on the left, then it swims to the middle, finally it swims to the right.")
    ends = [boxes(scene, "duck")[-1].centre[0] for scene in found.scenes]
    assert ends == sorted(ends)
    assert ends[1] == pytest.approx(0.5, abs=0.02)


def test_two_go_towards_each_other() -> None:
    scene = plan("Two boys run towards each other.").scenes[0]
    one, other = boxes(scene, "boy-1"), boxes(scene, "boy-2")
    assert one[-1].centre[0] > one[0].centre[0]
    assert other[-1].centre[0] < other[0].centre[0]


def test_a_swarm_circles_as_a_ring() -> None:
    scene = plan("Twelve bees circle a sunflower.").scenes[0]
    bees = [entity.layout[0] for entity in scene.entities if entity.name == "bee"]
    assert len({box.centre for box in bees if box is not None}) == 12


def test_a_crowd_stays_on_what_carries_it_and_in_what_holds_it() -> None:
    scene = plan("A dozen eggs lie in a basket.").scenes[0]
    basket = boxes(scene, "basket")[0]
    assert scene.entities[0].name == "basket"  # seen behind what it holds
    assert all(boxes(scene, f"egg-{number}")[0].overlap(basket) > 0.9 * 0.001 for number in range(1, 13))
    assert all(basket.x0 <= boxes(scene, f"egg-{number}")[0].centre[0] <= basket.x1 for number in range(1, 13))
    frogs = plan("Seven frogs sit on three lily pads.").scenes[0]
    pads = [boxes(frogs, f"lily-pad-{number}")[0] for number in (1, 2, 3)]
    for number in range(1, 8):
        x = boxes(frogs, f"frog-{number}")[0].centre[0]
        assert any(pad.x0 - 0.05 <= x <= pad.x1 + 0.05 for pad in pads)


def test_a_second_row_does_not_float() -> None:
    scene = plan("Nine sheep stand in the meadow.").scenes[0]
    assert min(box.y1 for entity in scene.entities for box in entity.layout if box is not None) > 0.55


@pytest.mark.parametrize(
    ("story", "front"),
    [
        ("A red car drives along the road past a house.", "red car"),
        ("A dog runs past a tree.", "dog"),
        ("A house stands in front of a car.", "house"),
        ("A cat hides behind a chair.", "chair"),
    ],
)
def test_who_goes_past_something_is_in_front_of_it(story: str, front: str) -> None:
    assert plan(story).scenes[0].entities[-1].name == front


def test_what_lands_on_something_stays_there() -> None:
    scene = plan("A bird lands on a house.").scenes[0]
    bird, house = boxes(scene, "bird"), boxes(scene, "house")[0]
    assert bird[0].centre[1] < bird[-1].centre[1]
    assert bird[-1].y1 == pytest.approx(house.y0, abs=0.06)


@pytest.mark.parametrize(
    ("story", "descriptions"),
    [
        (
            "The mist clings to the valley as a stag, its antlers gleaming, emerges from the birches.",
            ["The mist clings to the valley as a stag emerges from the birches, its antlers gleaming."],
        ),
        (
            "The old man, leaning on his cane, pauses to listen.",
            ["The old man pauses to listen, leaning on his cane."],
        ),
        (
            "In the morning, the fishermen bring the keeper a fish.",
            ["In the morning, the fishermen bring the keeper a fish."],
        ),
        ("A hedgehog named Hugo sleeps. He finds an apple.", ["A hedgehog named Hugo sleeps.", "Hugo finds an apple."]),
        ("the fox runs. the owl flies.", ["The fox runs.", "The owl flies."]),
    ],
)
def test_descriptions_read_well(story: str, descriptions: list[str]) -> None:
    assert [scene.description for scene in plan(story).scenes] == descriptions


def test_parts_and_clothes_said_aside_are_no_things() -> None:
    assert names(plan("The red car waits at the line, tires screeching.").scenes[0]) == ["red car"]
    assert names(plan("A girl dances, her red dress twirling.").scenes[0]) == ["girl"]
    fish = plan("An orange fish with blue fins swims.").scenes[0].entities
    assert [entity.description for entity in fish] == ["an orange fish with blue fins"]


@pytest.mark.parametrize(
    ("story", "places"),
    [
        ("A dragon jumps through a hoop in a meadow.", ["meadow"]),
        ("A kitten drinks in the kitchen. It prowls the street.", ["kitchen", "street"]),
        ("A panda walks to school. In the classroom, the panda listens.", ["school", "classroom"]),
    ],
)
def test_places(story: str, places: list[str]) -> None:
    assert [scene.background for scene in plan(story).scenes] == places


def test_states_are_not_looks_and_a_no_is_heard() -> None:
    assert plan("The ball is visible. It vanishes.").scenes[0].entities[0].description == "a ball"
    scene = plan("The cat is not on the table.").scenes[0]
    assert boxes(scene, "cat")[0].y1 > boxes(scene, "table")[0].y0 + 0.1
    assert boxes(plan("The keeper has fallen asleep.").scenes[0], "keeper")[0].y1 > 0.6


def test_what_is_gone_goes_and_what_shows_up_comes() -> None:
    gone = plan("There is a cat in the room. Then the cat is gone.").scenes[-1].entity("cat").layout
    assert [gone[0] is None, gone[-1] is None] == [False, True]
    late = plan("A rabbit shows up halfway through and stays until the end.")
    assert len(late.scenes) == 1
    rabbit = late.scenes[0].entity("rabbit").layout
    assert [rabbit[0] is None, rabbit[-1] is None] == [True, False]
