"""Every form of data becomes batches that know their indices."""

import warnings

import numpy as np
import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    get_worker_info,
)

import earlysieve as es
from earlysieve.datasets import checks
from earlysieve.datasets.batches import (
    as_batch,
    collate,
    first_examples,
    has_random_access,
    iterate,
    length_of,
)
from earlysieve.datasets.checks import DataWarning
from earlysieve.errors import DataError, InputError

COUNT = 11
X = torch.arange(COUNT * 2, dtype=torch.float32).reshape(COUNT, 2)
Y = torch.arange(COUNT) % 3
SET = TensorDataset(X, Y)


class Stream(IterableDataset):
    def __iter__(self):
        yield from ((X[i], int(Y[i])) for i in range(COUNT))


class Samples(Dataset):
    """Gives `sample(i)`."""

    def __init__(self, sample, count=COUNT):
        self.sample, self.count = sample, count

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        if not 0 <= i < self.count:
            raise IndexError(i)
        return self.sample(i)


def joined(data, **options):
    batches = list(iterate(data, **options))
    return (
        torch.cat([batch.inputs for batch in batches]),
        torch.cat([batch.labels for batch in batches]),
        torch.cat([batch.index for batch in batches]),
        [len(batch) for batch in batches],
    )


def check(data, sizes, index=None, **options):
    index = torch.arange(COUNT) if index is None else torch.tensor(index)
    inputs, labels, found, lengths = joined(data, **options)
    assert found.tolist() == index.tolist()
    assert torch.equal(inputs, X[index])
    assert torch.equal(labels, Y[index])
    assert lengths == sizes
    return True


@pytest.mark.parametrize(
    ("data", "sizes"),
    [
        (SET, [4, 4, 3]),
        ([(X[i], int(Y[i])) for i in range(COUNT)], [4, 4, 3]),
        (tuple((X[i], int(Y[i])) for i in range(COUNT)), [4, 4, 3]),
        (Stream(), [4, 4, 3]),
        (DataLoader(SET, 5), [5, 5, 1]),
        (DataLoader(SET, 5, shuffle=True), [5, 5, 1]),
        (DataLoader(SET, 5, shuffle=True, drop_last=True), [5, 5, 1]),
        (DataLoader(Stream(), 5), [5, 5, 1]),
        (DataLoader(SET, batch_sampler=BatchSampler(RandomSampler(SET), 3, False)), [3, 3, 3, 2]),
        (DataLoader(SET, 5, num_workers=1), [5, 5, 1]),
    ],
)
def test_every_example_once_in_order(data, sizes):
    assert check(data, sizes, batch_size=4)


def test_workers_for_a_data_set():
    assert check(SET, [4, 4, 3], batch_size=4, num_workers=1)


def test_samplers_choose_examples_but_not_their_order():
    assert check(DataLoader(SET, 2, sampler=SubsetRandomSampler([9, 2, 5])), [2, 1], [2, 5, 9])
    weights = [0.0] * COUNT
    weights[3] = weights[7] = 1.0
    sampler = WeightedRandomSampler(weights, 50)
    assert check(DataLoader(SET, 2, sampler=sampler), [2], [3, 7])


def test_indices_of_a_subset_count_in_the_subset():
    inputs, _, index, _ = joined(Subset(SET, [8, 1]))
    assert index.tolist() == [0, 1]
    assert torch.equal(inputs, X[[8, 1]])


def test_generators_of_loaders_and_samplers_stay_where_they_were():
    loaders = []
    for make in (
        lambda g: DataLoader(SET, 4, shuffle=True, generator=g),
        lambda g: DataLoader(SET, 4, sampler=RandomSampler(SET, generator=g)),
        lambda g: DataLoader(
            SET, batch_sampler=BatchSampler(RandomSampler(SET, generator=g), 4, False)
        ),
    ):
        generator = torch.Generator().manual_seed(5)
        loaders.append((generator, make(generator)))
    for generator, loader in loaders:
        before = generator.get_state()
        list(iterate(loader))
        length_of(loader)
        assert torch.equal(generator.get_state(), before)


def test_generators_stay_also_when_a_sampler_fails():
    generator = torch.Generator().manual_seed(5)

    class Failing(RandomSampler):
        def __iter__(self):
            torch.rand(1, generator=self.generator)
            raise RuntimeError("no")

    before = generator.get_state()
    with pytest.raises(RuntimeError, match="no"):
        list(iterate(DataLoader(SET, 4, sampler=Failing(SET, generator=generator))))
    assert torch.equal(generator.get_state(), before)


def test_batches_that_exist_already():
    batches = [es.Batch(X[:4], Y[:4], groups=Y[:4]), es.Batch(X[4:], Y[4:])]
    assert check(batches, [4, 7])
    assert check((batch for batch in batches), [4, 7])
    assert not has_random_access(batches)
    assert length_of(batches) is None
    own = [es.Batch(X[:4], Y[:4], index=torch.tensor([7, 5, 3, 1]))]
    assert next(iterate(own)).index.tolist() == [7, 5, 3, 1]
    pairs = ((X[i : i + 4], Y[i : i + 4]) for i in (0, 4, 8))
    assert check(pairs, [4, 4, 3])


def test_a_loader_that_passes_on_what_the_data_set_gives():
    parts = Samples(lambda i: (X[4 * i : 4 * i + 4], Y[4 * i : 4 * i + 4]), 3)
    loader = DataLoader(parts, batch_size=None)
    assert check(loader, [4, 4, 3])
    assert not has_random_access(loader)
    assert length_of(loader) is None


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (SET, COUNT),
        (DataLoader(SET, 3, shuffle=True), COUNT),
        (DataLoader(SET, 3, sampler=SubsetRandomSampler([1, 2])), 2),
        (Stream(), None),
        (DataLoader(Stream()), None),
        (iter([]), None),
    ],
)
def test_lengths(data, count):
    assert length_of(data) == count


def test_random_access():
    assert has_random_access(SET)
    assert has_random_access(DataLoader(SET))
    assert has_random_access([(X[0], 1)])
    assert not has_random_access(Stream())
    assert not has_random_access(DataLoader(Stream()))
    assert not has_random_access(iter([]))


@pytest.mark.parametrize(
    ("sample", "groups"),
    [
        (lambda i: (X[i], int(Y[i]), i % 2), [0, 1, 0, 1]),
        (lambda i: (X[i], Y[i], None if i % 2 else 5), [5, -1, 5, -1]),
        (lambda i: (X[i], Y[i], None), [-1] * 4),
        (lambda i: (X[i], Y[i], None, i), [-1] * 4),
        (lambda i: (X[i], np.int32(Y[i]), np.int64(10**12)), [10**12] * 4),
        (lambda i: {"x": X[i], "label": int(Y[i]), "group": None if i == 0 else i}, [-1, 1, 2, 3]),
        (
            lambda i: {"image": X[i], "y": Y[i], "group": None if i else torch.tensor(4)},
            [4] + 3 * [-1],
        ),
        (lambda i: {"x": X[i], "target": Y[i], "groups": None}, [-1] * 4),
        (lambda i: (X[i], Y[i][None], torch.tensor([i])), [0, 1, 2, 3]),
    ],
)
def test_groups_that_are_known_or_not(sample, groups):
    batch = next(iterate(Samples(sample, 4)))
    assert batch.groups.tolist() == groups
    assert batch.labels.tolist() == Y[:4].tolist()
    assert torch.equal(batch.inputs, X[:4])
    assert batch.index.tolist() == [0, 1, 2, 3]


def test_no_groups():
    assert next(iterate(SET)).groups is None


def test_mappings_keep_their_tensors_as_keyword_arguments():
    data = Samples(
        lambda i: {
            "input_ids": list(range(1, 2 + i)),
            "attention_mask": [1] * (1 + i),
            "label": i % 2,
            "text": f"text {i}",
            "idx": 100 + i,
        },
        3,
    )
    batch = next(iterate(data))
    assert sorted(batch.inputs) == ["attention_mask", "input_ids"]
    assert batch.inputs["input_ids"].tolist() == [[1, 0, 0], [1, 2, 0], [1, 2, 3]]
    assert batch.mask.tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert batch.index.tolist() == [0, 1, 2]


def test_mapping_inputs_with_label_and_group():
    data = Samples(lambda i: ({"a": X[i], "b": X[i] + 1}, int(Y[i]), None if i else 2), 3)
    batch = next(iterate(data))
    assert torch.equal(batch.inputs["b"], X[:3] + 1)
    assert batch.groups.tolist() == [2, -1, -1]


def test_several_inputs():
    data = Samples(lambda i: ((X[i], X[i] + 1), int(Y[i])), 3)
    batch = next(iterate(data))
    assert isinstance(batch.inputs, tuple)
    assert torch.equal(batch.inputs[1], X[:3] + 1)


def test_an_own_index_in_a_stream_is_kept():
    class Indexed(IterableDataset):
        def __iter__(self):
            yield from ((X[i], int(Y[i]), -1, 50 + i) for i in range(3))

    assert next(iterate(Indexed())).index.tolist() == [50, 51, 52]


@pytest.mark.parametrize("columns", [["image", "label"], None])
def test_huggingface_data_set_in_torch_format(columns):
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict(
        {"image": X.tolist(), "label": Y.tolist(), "file": [f"{i}.png" for i in range(COUNT)]}
    )
    formatted = data.with_format("torch", columns=columns)
    assert check(formatted, [4, 4, 3], batch_size=4)
    assert has_random_access(formatted)
    assert length_of(formatted) == COUNT
    stream = data.to_iterable_dataset().with_format("torch")
    assert check(stream, [4, 4, 3], batch_size=4)
    assert length_of(stream) is None


def test_huggingface_data_set_of_tokens():
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict(
        {"input_ids": [[1, 2], [3]], "attention_mask": [[1, 1], [1]], "labels": [0, 1]}
    )
    for batch in (next(iterate(data)), next(iterate(data.with_format("torch")))):
        assert batch.inputs["input_ids"].tolist() == [[1, 2], [3, 0]]
        assert batch.mask.tolist() == [[1, 1], [1, 0]]
        assert batch.labels.tolist() == [0, 1]


FORMS = (
    "Expected samples of the form (x, y), (x, y, group), a dictionary with 'label' or 'labels' "
    "(and optional 'group'), or earlysieve.Batch, but got {}; wrap your data set so that it "
    "yields one of these"
)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([X[0], X[1]], FORMS.format("Tensor")),
        ([(X[0],)], FORMS.format("list of Tensor")),
        (iter(["text"]), FORMS.format("str")),
        (iter([(X, Y, Y, Y, Y)]), FORMS.format("tuple of Tensor, Tensor, Tensor, Tensor")),
        (
            [{"x": X[0], "kind": 1}],
            "Expected a label among the keys labels, label, target, targets, y, but got the keys "
            "x, kind; rename the label column",
        ),
        (
            [{"text": "a film", "label": 1}],
            "Expected inputs as tensors, but 'text' holds texts and no other column holds tokens; "
            "add them first: data.map(lambda row: tokenizer(row['text'], truncation=True), "
            "batched=True)",
        ),
        (
            [(X[0], "cat")],
            "Expected whole numbers as labels, groups and indices, but got tuple of str; turn "
            "names into class numbers",
        ),
        (
            [{"x": X[0], "label": 1, "group": "red"}],
            "Expected whole numbers as labels, groups and indices, but got list of str; turn "
            "names into class numbers",
        ),
        (
            [(X[0], 0.5)],
            "Expected labels to be 1 integers, one per example of the batch, but got "
            "torch.float64 of shape (1,); pass class numbers, not one-hot rows",
        ),
        (
            [(X[0], torch.tensor([0, 1, 0]))],
            "Expected labels to be 1 integers, one per example of the batch, but got torch.int64 "
            "of shape (1, 3); pass class numbers, not one-hot rows",
        ),
    ],
)
def test_unknown_forms(data, told):
    with pytest.raises(InputError) as caught:
        list(iterate(data))
    assert str(caught.value) == told


@pytest.mark.parametrize(
    "samples",
    [
        [(object(), 1)],
        [(torch.zeros(2), 2**70)],
        [(torch.zeros(3, 4), 1), (torch.zeros(3, 5), 1)],
        [{"image": object(), "label": 1}],
        [{"image": torch.zeros(1, 3, 4), "label": 1}, {"image": torch.zeros(1, 3, 5), "label": 1}],
        [({"a": torch.zeros(2, 2)}, object())],
    ],
)
def test_samples_that_cannot_be_joined(samples):
    with pytest.raises(InputError) as caught:
        list(iterate(samples))
    assert str(caught.value).startswith(
        "Expected samples that can be joined into a batch, but got "
    )
    assert str(caught.value).endswith("; turn images into tensors of one size with a transform")


def test_a_collate_function_that_leaves_examples_out():
    def without_first(samples):
        return torch.utils.data.default_collate(samples[1:])

    with pytest.raises(InputError) as caught:
        list(iterate(DataLoader(SET, 4, collate_fn=without_first)))
    assert str(caught.value) == (
        "Expected a batch of the 4 examples that were asked for, but the collate function gave 3; "
        "leave examples out of the data set instead, for example with torch.utils.data.Subset"
    )


@pytest.mark.parametrize(("data", "kind"), [({"x": X, "label": Y}, "dict"), ("folder", "str")])
def test_what_is_no_data_set(data, kind):
    with pytest.raises(InputError) as caught:
        list(iterate(data))
    assert str(caught.value) == (
        f"Expected a data set or a DataLoader, but got {kind}; pass a list of samples, a "
        "torch.utils.data.Dataset, or one of several splits, as data['test']"
    )


def test_a_data_set_without_length():
    class Endless(Dataset):
        def __getitem__(self, i):
            return X[0], 1

    with pytest.raises(InputError) as caught:
        list(iterate(Endless()))
    assert str(caught.value) == (
        "Expected a data set with a length, but Endless has none; give it a method __len__, or "
        "pass an IterableDataset"
    )


@pytest.mark.parametrize("data", [[], (), iter([]), TensorDataset(X[:0], Y[:0])])
def test_no_data(data):
    with pytest.raises(DataError) as caught:
        list(iterate(data))
    assert str(caught.value) == (
        "Expected at least one example, but the data is empty; check the path and the split"
    )


def test_samples_of_other_keys_are_told():
    with pytest.raises(InputError, match=r"^Expected whole numbers as labels"):
        collate_and_read([{"x": X[0], "label": 1}, {"x": X[1]}])


def collate_and_read(samples):
    return as_batch(collate(samples))


def test_a_batch_passes_unchanged():
    batch = es.Batch(X, Y)
    assert as_batch(batch) is batch


@pytest.mark.parametrize("wrapped", [False, True])
def test_iterating_leaves_the_global_random_state_alone(wrapped):
    data = TensorDataset(torch.randn(6, 2), torch.arange(6) % 2)
    state = torch.get_rng_state()
    assert len(list(iterate(DataLoader(data, 2) if wrapped else data, batch_size=2))) == 3
    assert torch.equal(torch.get_rng_state(), state)


class Divided(IterableDataset):
    """Shares its examples among workers, as torch's documentation shows."""

    def __init__(self, declared=False):
        self.shards_by_worker = declared

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        yield from ((X[i], int(Y[i])) for i in range(first, COUNT, step))


class Configured(IterableDataset):
    """Shares its examples as its loader's `worker_init_fn` tells each copy."""

    first, step = 0, 1

    def __iter__(self):
        yield from ((X[i], int(Y[i])) for i in range(self.first, COUNT, self.step))


def configure(worker):
    info = get_worker_info()
    info.dataset.first, info.dataset.step = worker, info.num_workers


@pytest.mark.parametrize(
    "data",
    [
        Stream(),
        Divided(),
        DataLoader(Stream(), 4, num_workers=2),
        DataLoader(Divided(), 4, num_workers=2, persistent_workers=True),
        DataLoader(Configured(), 4, num_workers=2, worker_init_fn=configure),
        DataLoader(Stream(), 4, num_workers=2, prefetch_factor=3, collate_fn=collate),
    ],
)
def test_an_iterable_data_set_gives_every_example_once_for_any_number_of_workers(data):
    with pytest.warns(DataWarning, match="read in one process") as told:
        assert check(data, [4, 4, 3], batch_size=4, num_workers=2)
    assert len(told) == 1
    assert str(told[0].message) == (
        f"{type(getattr(data, 'dataset', data)).__name__} is read in one process, not in 2, since "
        "each worker might read all of it; if it shares its examples among workers, set its "
        "attribute shards_by_worker to True"
    )


def test_a_loader_without_batches_of_an_iterable_data_set_with_workers():
    class Batches(IterableDataset):
        def __iter__(self):
            yield from ((X[i : i + 4], Y[i : i + 4]) for i in (0, 4, 8))

    with pytest.warns(DataWarning):
        assert check(DataLoader(Batches(), batch_size=None, num_workers=2), [4, 4, 3])


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (Divided(declared=True), {"batch_size": 4, "num_workers": 2}),
        (DataLoader(Divided(declared=True), 4, num_workers=2), {}),
    ],
)
def test_one_that_says_that_it_shares_its_examples_is_read_by_its_workers(data, options):
    inputs, _, index, lengths = joined(data, **options)
    assert index.tolist() == list(range(COUNT))
    assert sorted(inputs[:, 0].tolist()) == X[:, 0].tolist()
    assert inputs[:4, 0].tolist() == [0, 4, 8, 12]
    assert lengths == [4, 4, 2, 1]


def test_huggingface_streams_share_their_examples_among_workers():
    datasets = pytest.importorskip("datasets")
    table = datasets.Dataset.from_dict({"image": X.tolist(), "label": Y.tolist()})
    stream = table.to_iterable_dataset(num_shards=2).with_format("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        inputs, _, index, _ = joined(stream, batch_size=4, num_workers=2)
    assert sorted(inputs[:, 0].tolist()) == X[:, 0].tolist()
    assert index.tolist() == list(range(COUNT))


def test_no_twin_of_a_noisy_example_helps_its_readout():
    class Noise(IterableDataset):
        def __iter__(self):
            draw = torch.Generator().manual_seed(0)
            for _ in range(60):
                label = int(torch.randint(2, (), generator=draw))
                yield torch.randn(8, generator=draw), label

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    alone = es.audit(model, Noise(), layers=["1"])
    with pytest.warns(DataWarning):
        several = es.audit(model, Noise(), layers=["1"], num_workers=2)
    assert len(several.examples) == 60
    assert several.examples.equals(alone.examples)


@pytest.mark.parametrize("data", [SET, Stream(), DataLoader(SET, 10**30)])
def test_a_batch_may_be_larger_than_the_data(data):
    assert check(data, [COUNT], batch_size=10**30)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"batch_size": 0}, "Expected batch_size to be at least 1, but got 0; pass a positive"),
        ({"num_workers": -1}, "Expected num_workers to be at least 0, but got -1; pass 0"),
    ],
)
@pytest.mark.parametrize("data", [SET, Stream()])
def test_bad_numbers(data, options, told):
    with pytest.raises(InputError) as caught:
        next(iterate(data, **options))
    assert str(caught.value).startswith(told)


def test_more_workers_than_a_machine_can_bear(monkeypatch):
    monkeypatch.setattr(checks, "cores", lambda: 2)
    with pytest.raises(InputError) as caught:
        next(iterate(SET, num_workers=17))
    assert str(caught.value) == (
        "Expected num_workers to be at most 16, 8 for each of 2 processor cores, but got 17; pass "
        "about one for each core"
    )
    checks.check_workers(16)


@pytest.mark.parametrize(
    "data", [SET, Stream(), DataLoader(SET, 5, shuffle=True), DataLoader(Stream(), 3)]
)
def test_the_first_examples_of_any_form(data):
    batch = first_examples(data)
    assert torch.equal(batch.inputs, X[:2])
    assert batch.labels.tolist() == Y[:2].tolist()


def test_the_first_examples_of_no_data():
    with pytest.raises(DataError, match="but the data is empty"):
        first_examples([])


def test_the_first_examples_of_a_data_set_without_length():
    class Endless(Dataset):
        def __getitem__(self, i):
            return X[0], 1

    with pytest.raises(InputError, match="^Expected a data set with a length, but Endless has"):
        first_examples(Endless())


def test_a_loader_of_a_loader():
    with pytest.raises(InputError) as caught:
        next(iterate(DataLoader(DataLoader(SET))))
    assert str(caught.value) == (
        "Expected a DataLoader of a data set with indices, but got one of DataLoader; pass the "
        "data set itself to the loader"
    )
