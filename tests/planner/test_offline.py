"""The offline planner, by the stories it gets and the plans that come out."""

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support import calls
from videodirector.errors import UsageError
from videodirector.planner import OfflinePlanner, Planner
from videodirector.planner.offline import SCENE_LIMIT
from videodirector.schemas import Box, CastMember, PlanRequest, Scene, VideoPlan

STORY = "A fox walks through the forest. It meets an owl. The owl flies away under the moon."


def plan(story: str) -> VideoPlan:
    return OfflinePlanner().plan(story)


def first(story: str) -> Scene:
    return plan(story).scenes[0]


def track(scene: Scene, entity: str) -> list[Box]:
    return [box for box in scene.entity(entity).layout if box is not None]


def ids(scene: Scene) -> list[str]:
    return [entity.id for entity in scene.entities]


def test_the_example_of_the_readme() -> None:
    found = plan(STORY)
    assert [scene.description for scene in found.scenes] == [
        "A fox walks through the forest.",
        "The fox meets an owl.",
        "The owl flies away under the moon.",
    ]
    assert [scene.background for scene in found.scenes] == ["forest"] * 3
    assert [ids(scene) for scene in found.scenes] == [["fox"], ["fox", "owl"], ["owl", "moon"]]
    assert found.consistency_groups == {
        "fox": ["s1", "s2"], "owl": ["s2", "s3"], "moon": ["s3"], "forest": ["s1", "s2", "s3"],
    }  # fmt: skip
    walk = track(found.scene("s1"), "fox")
    assert walk[-1].centre[0] - walk[0].centre[0] > 0.4
    owl = found.scene("s3").entity("owl").layout
    assert owl[0] is not None
    assert owl[-2] is not None
    assert owl[-1] is None, "it is gone at the end"
    assert owl[-2].centre[1] < owl[0].centre[1] - 0.2, "it went up"
    moon = track(found.scene("s3"), "moon")
    assert moon[0] == moon[-1]
    assert moon[0].centre[1] < owl[0].centre[1]
    assert found.notes == []


def test_the_same_story_gives_the_same_plan_and_settings_are_taken() -> None:
    assert plan(STORY) == plan(STORY)
    found = OfflinePlanner().plan(STORY, seed=5, frame_rate=Fraction(24))
    assert (found.seed, found.frame_rate, found.prompt) == (5, Fraction(24), STORY)
    assert isinstance(OfflinePlanner(), Planner)
    with pytest.raises(UsageError, match="seed"):
        OfflinePlanner().plan(STORY, seed=-1)
    with pytest.raises(UsageError, match="frame rate"):
        OfflinePlanner().plan(STORY, frame_rate=Fraction(0))


@pytest.mark.parametrize(
    ("story", "scenes"),
    [
        ("A bear bathes in a pond, shakes off water, and then rolls in grass.", 3),
        ("The sun rises and the rooster crows.", 2),
        ("A cat jumps while a dog sleeps.", 1),
        ("A fox and an owl dance in the snow.", 1),
        ("When the sun rises, the rooster crows.", 1),
        ("A dog, a cat and a mouse sit in the garden.", 1),
        ("Three ducks. A lake.", 2),
    ],
)
def test_one_motion_a_scene(story: str, scenes: int) -> None:
    assert len(plan(story).scenes) == scenes


@pytest.mark.parametrize(
    "script",
    [
        "Scene 1: A fox sleeps. It snores loudly, and wakes up.\nScene 2: A cat runs.",
        "1. A fox sleeps. It snores loudly, and wakes up.\n2. A cat runs.",
        "- A fox sleeps. It snores loudly, and wakes up.\n- A cat runs.",
        "My film\n\n* A fox sleeps. It snores loudly, and wakes up.\n\n* A cat runs.",
        "Scene 1: A fox sleeps. It snores loudly, and wakes up. Scene 2: A cat runs.",
    ],
)
def test_a_script_is_kept_scene_for_scene_and_word_for_word(script: str) -> None:
    descriptions = [scene.description for scene in plan(script).scenes]
    assert descriptions == ["A fox sleeps. It snores loudly, and wakes up.", "A cat runs."]


@pytest.mark.parametrize(
    ("story", "count"),
    [("Three ducks swim.", 3), ("Twelve ducks swim.", 12), ("A pair of ducks swims.", 2), ("A duck swims.", 1),
     ("A flock of five ducks swims.", 5), ("A dozen ducks swim.", 12), ("4 ducks swim.", 4),
     ("A hundred ducks swim.", 12), ("One of the ducks swims.", 1)],
)  # fmt: skip
def test_counts(story: str, count: int) -> None:
    scene = first(story)
    assert [entity.name for entity in scene.entities] == ["duck"] * count
    assert len(set(ids(scene))) == count
    assert plan(story).consistency_groups["duck"] == ["s1"]


def test_more_than_can_be_shown_is_said() -> None:
    found = plan("40 ducks swim.")
    assert len(found.scenes[0].entities) == 12
    assert any("40" in note and "duck" in note for note in found.notes)


def test_colours_tell_things_apart_and_stay_with_them() -> None:
    found = plan("A red car and a blue car drive along the road. The red car stops. A big blue car is parked.")
    assert ids(found.scenes[0]) == ["red-car", "blue-car"]
    assert found.consistency_groups["red car"] == ["s1", "s2"]
    assert found.consistency_groups["blue car"] == ["s1", "s3"]
    assert found.scenes[0].entity("blue-car").description == "a big blue car"
    assert plan("There is a fox. It is red.").scenes[0].entities[0].name == "red fox"


@pytest.mark.parametrize(
    ("story", "last"),
    [
        ("A fox sees an owl. It runs.", ["fox"]),
        ("A boy kicks the ball, and it rolls away.", ["ball"]),
        ("A girl meets a boy. She waves.", ["girl"]),
        ("A girl meets a boy. He waves.", ["boy"]),
        ("A fox meets an owl. They dance.", ["fox", "owl"]),
        ("A fox meets an owl. The bird flies.", ["owl"]),
        ("Three ducks swim. They fly.", ["duck-1", "duck-2", "duck-3"]),
        ("A puppy sleeps. The dog wakes up.", ["puppy"]),
        ("A fox named Rusty sleeps. Rusty runs.", ["fox"]),
        ("A fox sleeps. Another fox runs.", ["fox-2"]),
        ("Two tigers sit. One tiger runs.", ["tiger-1"]),
    ],
)
def test_who_is_meant(story: str, last: list[str]) -> None:
    assert ids(plan(story).scenes[-1]) == last


@pytest.mark.parametrize(
    ("story", "places"),
    [
        ("A fox walks in the city. It sleeps.", ["city", "city"]),
        ("A fox runs through the forest. It reaches the beach.", ["forest", "beach"]),
        ("A fox runs through the woods. An owl flies in the forest.", ["woods", "woods"]),
        ("A whale swims.", ["underwater"]),
        ("A rocket flies. It lands.", ["space", "space"]),
        ("A cow stands by a tractor.", ["farm"]),
        ("A fox walks in the forest. It looks at the sky.", ["forest", "forest"]),
    ],
)
def test_places_are_said_inferred_and_carried_over(story: str, places: list[str]) -> None:
    assert [scene.background for scene in plan(story).scenes] == places


def test_an_inferred_place_is_said() -> None:
    assert any("underwater" in note for note in plan("A whale swims.").notes)


@pytest.mark.parametrize(
    ("story", "entity", "dx", "dy", "growth"),
    [
        ("A fox walks to the right.", "fox", 1, 0, 0),
        ("A fox walks left.", "fox", -1, 0, 0),
        ("A fox runs from the right to the left.", "fox", -1, 0, 0),
        ("An apple falls.", "apple", None, 1, 0),
        ("The sun rises.", "sun", None, -1, 0),
        ("A balloon floats up.", "balloon", None, -1, 0),
        ("A dragon comes closer.", "dragon", 0, None, 1),
        ("A dog runs away from the camera.", "dog", 0, None, -1),
        ("The balloon shrinks.", "balloon", 0, None, -1),
        ("A fox sits.", "fox", 0, 0, 0),
        ("A fox does not run.", "fox", 0, 0, 0),
    ],
)
def test_verbs_and_prepositions_become_tracks(
    story: str, entity: str, dx: int | None, dy: int | None, growth: int
) -> None:
    boxes = track(first(story), entity)
    begin, end = boxes[0], boxes[-1]
    moved = end.centre[0] - begin.centre[0], end.centre[1] - begin.centre[1]
    for want, have in zip((dx, dy), moved, strict=True):
        if want is not None:
            assert have * want > 0.1 if want else abs(have) < 0.01
    ratio = end.area / begin.area
    assert ratio > 2 if growth > 0 else ratio < 0.5 if growth < 0 else ratio == pytest.approx(1, abs=0.05)


def test_jumps_circles_entrances_and_halves() -> None:
    jump = track(first("A frog jumps."), "frog")
    assert min(box.centre[1] for box in jump) < jump[0].centre[1] - 0.2
    assert jump[0].centre[1] == pytest.approx(jump[-1].centre[1], abs=0.01)
    circle = track(first("A bee flies around the flower."), "bee")
    assert circle[0] == pytest.approx(circle[-1], abs=0.01)
    assert max(box.centre[0] for box in circle) - min(box.centre[0] for box in circle) > 0.2
    assert first("A fox enters.").entity("fox").layout[0] is None
    assert first("A fox leaves.").entity("fox").layout[-1] is None
    second = first("A fox appears only in the second half of the video.").entity("fox").layout
    assert [box is None for box in second] == [True] * 5 + [False] * 4
    assert [box is None for box in first("A fox appears in the first half.").entity("fox").layout] == (
        [False] * 4 + [True] * 5
    )


@pytest.mark.parametrize(
    ("story", "figure", "ground", "dx", "dy"),
    [
        ("A fox stands to the left of a bear.", "fox", "bear", -1, None),
        ("A fox stands to the right of a bear.", "fox", "bear", 1, None),
        ("A bear with a fox to its left.", "bear", "fox", None, None),
        ("A cat sits on top of a chair.", "cat", "chair", 0, -1),
        ("A cat sits on a chair.", "cat", "chair", 0, -1),
        ("A dog sleeps under a tree.", "dog", "tree", 0, 1),
        ("A kite hangs above a house.", "kite", "house", 0, -1),
        ("The moon shines over the castle.", "moon", "castle", None, -1),
    ],
)
def test_relations(story: str, figure: str, ground: str, dx: int | None, dy: int | None) -> None:
    scene = first(story)
    one, other = track(scene, figure)[0].centre, track(scene, ground)[0].centre
    for want, have in zip((dx, dy), (one[0] - other[0], one[1] - other[1]), strict=True):
        if want is not None:
            assert have * want > 0.1 if want else abs(have) < 0.15


def test_what_stands_in_front_is_drawn_last() -> None:
    assert ids(first("A red car stops in front of a house.")) == ["house", "red-car"]
    assert ids(first("A house stands behind a red car.")) == ["house", "red-car"]


def test_between_inside_and_behind() -> None:
    scene = first("A ball lies between a cat and a dog.")
    xs = [track(scene, entity)[0].centre[0] for entity in ("cat", "ball", "dog")]
    assert xs in (sorted(xs), sorted(xs, reverse=True))
    scene = first("A bear sits in a car.")
    bear, car = track(scene, "bear")[0], track(scene, "car")[0]
    assert bear.overlap(car) == pytest.approx(bear.area)
    assert ids(first("A house stands in front of us. A fox hides behind the house.")) == ["house"]
    assert ids(first("A fox hides behind the house.")) == ["fox", "house"], "what stands behind is drawn first"


def test_comparisons_of_size() -> None:
    scene = first("A mouse bigger than an elephant stands in the city.")
    assert track(scene, "mouse")[0].area > 1.5 * track(scene, "elephant")[0].area
    scene = first("A dog smaller than a cat sits in the garden.")
    assert track(scene, "dog")[0].area * 1.5 < track(scene, "cat")[0].area


@pytest.mark.parametrize("count", [2, 3, 5, 8, 12])
@pytest.mark.parametrize("what", ["ducks swim", "cars drive to the left", "trees stand", "birds fly", "people wait"])
def test_things_stay_apart_at_all_times(count: int, what: str) -> None:
    scene = first(f"{count} {what}.")
    assert len(scene.entities) == count
    for key in range(9):
        boxes = [box for entity in scene.entities if (box := entity.layout[key]) is not None]
        for one, other in itertools.combinations(boxes, 2):
            assert one.overlap(other) < 1e-6


def test_what_cannot_be_drawn_is_said_and_kept() -> None:
    found = plan("A triceratops meets a gazebo.")
    assert ids(found.scenes[0]) == ["triceratops", "gazebo"]
    assert any("gazebo" in note for note in found.notes)


@pytest.mark.parametrize("story", ["", "   \n\t ", "...", "🤷", "\x00\x01", "\ud800", "<p></p>"])
def test_nothing_to_read_still_gives_a_plan(story: str) -> None:
    found = plan(story)
    assert len(found.scenes) == 1
    assert found.scenes[0].entities == []
    assert found.notes


@pytest.mark.parametrize(
    "story",
    [
        "Лиса идёт через лес. Она встречает сову.",
        "Ein Fuchs läuft durch den Wald.",
        "一只狐狸穿过森林。",
        "ثعلب في الغابة",
    ],
)
def test_other_languages_are_said_not_to_be_understood(story: str) -> None:
    found = plan(story)
    assert any("English" in note for note in found.notes)
    assert VideoPlan.from_json(found.to_json()) == found


def test_emoji_and_markup() -> None:
    assert ids(first("The 🦊 walks.")) == ["fox"]
    assert [scene.description for scene in plan("<b>A **fox**</b> [runs](http://x.y).").scenes] == ["A fox runs."]


def test_quoted_speech_is_not_seen() -> None:
    assert ids(first('The king says: "Bring me a dragon and a ship!"')) == ["king"]


def test_long_texts_take_linear_work_up_to_a_limit() -> None:
    short, long = (" ".join([STORY] * times) for times in (20, 80))
    plan(short)  # reads the vocabulary, and remembers the words
    assert calls(lambda: plan(long)) < 4.4 * calls(lambda: plan(short))
    found = plan(" ".join([STORY] * 600))
    assert len(found.scenes) == SCENE_LIMIT
    assert any("left out" in note for note in found.notes)


WORDS = r"""
fox owl a the and then , . in of on under it they group flock three two red big flies walks jumps away left
right to from half second first another other one named Rusty who that while " ' ; : 🦊 trees moon sits is
between bigger than around circles each her his Scene 1: - * <b> himself 99999999999999 ² with into over
behind rides car horse
""".split()  # noqa: SIM905 - one word a line would fill the page


@settings(deadline=None, max_examples=150)
@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)))
@example("\U000102e1")  # a letter to Python, none to the pattern of ids
def test_any_text_gives_a_valid_plan(story: str) -> None:
    found = plan(story)
    assert VideoPlan.from_json(found.to_json()) == found
    assert found.scenes


def asked(story: str, **wishes: Any) -> VideoPlan:
    return OfflinePlanner().plan_request(PlanRequest(story=story, **wishes))


FIVE = "A fox walks through the forest. It meets an owl. The owl flies away. The fox sleeps. The sun rises."


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 9, 17])
def test_as_many_scenes_as_asked_for_with_nothing_left_out(number: int) -> None:
    found = asked(FIVE, scenes=number)
    assert len(found.scenes) == number
    told = " ".join(dict.fromkeys(scene.description for scene in found.scenes))
    assert told == " ".join(scene.description for scene in plan(FIVE).scenes)
    assert VideoPlan.from_json(found.to_json()) == found
    assert any("asked for" in note for note in found.notes) == (number != 5)


def test_joined_scenes_happen_one_after_the_other_and_divided_ones_go_on() -> None:
    joined = asked(FIVE, scenes=1).scenes[0]
    assert joined.frames == 5 * 16
    owl = joined.entity("owl").layout
    assert (owl[0], owl[-1]) == (None, None), "it comes in the second event and leaves in the third"
    one, two = asked("A fox walks to the right.", scenes=2).scenes
    assert track(one, "fox")[-1] == track(two, "fox")[0]


def test_a_script_keeps_its_shots_whatever_is_asked() -> None:
    script = "Shot 1: A fox sleeps. It snores, and wakes up.\nShot 2: A cat runs."
    found = asked(script, scenes=5)
    assert [scene.description for scene in found.scenes] == ["A fox sleeps. It snores, and wakes up.", "A cat runs."]


def test_the_cast_keeps_its_names_and_is_known_by_its_looks() -> None:
    cast = (
        CastMember(name="Mia", description="a small girl in a red coat"),
        CastMember(name="Rex", description="a dog"),
    )
    found = asked("Mia walks in the garden. Rex follows her. The dog barks. She laughs.", cast=cast)
    assert [[e.name for e in scene.entities] for scene in found.scenes] == [["Mia"], ["Rex", "Mia"], ["Rex"], ["Mia"]]
    assert found.scenes[0].entity("mia").description == "a small girl in a red coat"
    assert found.consistency_groups["mia"] == ["s1", "s2", "s4"]
    assert not any("Mia" in note for note in found.notes)


def test_places_and_most_entities_are_kept() -> None:
    found = asked(FIVE, backgrounds=("beach", "cave"), max_entities=1)
    assert [scene.background for scene in found.scenes] == ["beach", *["cave"] * 4]
    assert max(len(scene.entities) for scene in found.scenes) == 1
    assert any("owl" in note and "asked for" in note for note in found.notes)
    kept = asked(FIVE, cast=(CastMember(name="owl"),), max_entities=1).scenes[1]
    assert ids(kept) == ["owl"], "the cast stays before others"


def entities(story: str) -> list[list[str]]:
    return [[entity.name for entity in scene.entities] for scene in plan(story).scenes]


@pytest.mark.parametrize(
    ("story", "names"),
    [
        (
            "Mia and her dog Rex walk in the park. Rex chases a cat. Mia laughs.",
            [["Mia", "dog"], ["dog", "cat"], ["Mia"]],
        ),
        ("Captain Hook sails to the island. Hook sleeps.", [["Captain Hook"], ["Captain Hook"]]),
        ("Tom, a small boy, sleeps. He wakes up.", [["Tom"], ["Tom"]]),
        ("The cat's tail twitches.", [["cat"]]),
        ("The boy's dog barks at the moon.", [["dog", "moon"]]),
        ("A cow moos, and its calf runs.", [["cow"], ["calf"]]),
        ("There is no cat in the car, but a dog sleeps.", [["car"], ["dog"]]),
        ("A red car and a blue car stop. The two cars drive away.", [["red car", "blue car"], ["red car", "blue car"]]),
        ("A fox and a cat sit. Both run away.", [["fox", "cat"], ["fox", "cat"]]),
        ("A monkey picks two bananas. It eats them.", [["monkey", "banana", "banana"], ["monkey", "banana", "banana"]]),
        ("A chef tosses three carrots. They fall.", [["chef", *["carrot"] * 3], ["carrot"] * 3]),
        ("A crab leaves its shell, and finds a bigger one.", [["crab", "shell"], ["crab", "shell"]]),
        ('"Hello!" said the fox. The owl asked, "Who are you?"', [["fox"], ["owl"]]),
        ("Ben catches a fish. Anna sees a fox. They laugh.", [["Ben", "fish"], ["Anna", "fox"], ["Ben", "Anna"]]),
        ("In the kitchen, the kitten drinks.", [["kitten"]]),
    ],
)
def test_who_is_on_stage(story: str, names: list[list[str]]) -> None:
    assert entities(story) == names


@pytest.mark.parametrize(
    ("story", "told"),
    [
        ("Before the dog sleeps, it hides its bone.", ["The dog hides its bone.", "The dog sleeps."]),
        ("The fox runs away after it sees the bear.", ["The fox sees the bear.", "The fox runs away."]),
        ("The boy plays until his mother calls him.", ["The boy plays.", "His mother calls the boy."]),
        ("As soon as the sun sets, the owl wakes up.", ["The sun sets.", "The owl wakes up."]),
        ("Venturing on, the fox meets an owl.", ["Venturing on, the fox meets an owl."]),
        (
            "The words float off the page, and then form stars.",
            ["The words float off the page.", "The words form stars."],
        ),
    ],
)
def test_events_are_told_in_the_order_in_which_they_happen(story: str, told: list[str]) -> None:
    assert [scene.description for scene in plan(story).scenes] == told


@pytest.mark.parametrize(
    ("story", "place"),
    [
        ("A girl runs through the stadium.", "stadium"),
        ("A girl runs through the stadium at night.", "stadium at night"),
        ("At sunset, a horse gallops along the beach.", "beach at sunset"),
        ("A wolf howls at night.", "forest at night"),
        ("A husky sleeps in a basket.", "meadow"),
        ("A dancer walks down the corridor to the left of a barn.", "meadow"),
    ],
)
def test_places_of_any_name_and_times_of_day(story: str, place: str) -> None:
    assert first(story).background == place


def test_what_is_worn_belongs_to_the_looks() -> None:
    scene = first("A girl wearing a red hat meets a boy in a blue coat.")
    assert [entity.description for entity in scene.entities] == ["a girl wearing a red hat", "a boy in a blue coat"]
    assert entities("A fish puts on a hat.") == [["fish", "hat"]]


def test_a_way_may_have_several_stops() -> None:
    boxes = track(first("A truck drives from the lower left to the upper left and then to the upper right."), "truck")
    assert [(box.centre[0] < 0.5, box.centre[1] < 0.5) for box in (boxes[0], boxes[4], boxes[-1])] == [
        (True, False), (True, True), (False, True),
    ]  # fmt: skip
    pass_by = first("A horse passes a tree from left to right.")
    horse, tree = track(pass_by, "horse"), track(pass_by, "tree")
    assert horse[0].centre[0] < tree[0].centre[0] < horse[-1].centre[0]


@pytest.mark.parametrize(
    ("verb", "moves"), [("ambles", True), ("trudges", True), ("plummets", True), ("ponders", False)]
)
def test_strange_verbs_move_by_their_class(verb: str, moves: bool) -> None:
    boxes = track(first(f"A fox {verb}."), "fox")
    assert (boxes[0] != boxes[-1]) == moves
