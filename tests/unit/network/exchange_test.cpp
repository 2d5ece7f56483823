// Networks of the published code: their checkpoints as PyTorch and Lightning write them, and archives for NumPy.
#include "glifr/network/exchange.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "glifr/cells/rnn.hpp"
#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/npy.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/checkpoint.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"
#include "support/tensors.hpp"
#include "support/torch_files.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;
using test::PickleWriter;
using test::TemporaryFolder;

/// A file in the older form with one tensor of a value for each name, at the root.
void write_tensors(const std::filesystem::path& path, const std::vector<std::string>& names) {
  PickleWriter pickle;
  pickle.raw("}(");
  for (const std::string& name : names) pickle.text(name).tensor("FloatStorage", "7", 1, 0, {1, 1}, {1, 1});
  std::vector<test::TorchStorage> storages;
  if (!names.empty()) storages.push_back(test::torch_storage<float>("7", {1}));
  test::write_text(path, test::legacy_torch_file(pickle.raw("u").bytes(), storages));
}

/// Networks of the published shapes with their outputs, computed by loops over the same numbers: inputs [steps, 1, I],
/// outputs a row a step.
constexpr std::string_view networks = R"(
import math, random
random.seed(3)

def numbers(count): return [random.uniform(-0.8, 0.8) for i in range(count)]
def single(value): return struct.unpack('f', struct.pack('f', value))[0]
def sigmoid(x): return 1 / (1 + math.exp(-x))

I, N, O, steps, delay = 2, 4, 3, 30, 5
dt, tau, sigma_v, R, I0, v_reset = 0.2, 0.4, 0.7, 0.3, 0.5, -0.25
inputs = [numbers(I) for t in range(steps)]

def make(shapes):
    made = {}
    for name, shape in shapes.items():
        count = math.prod(shape)
        made[name] = ([single(x) for x in numbers(count)], shape)
    return made

def outputs_of(weights, J):
    w = {name: values for name, (values, shape) in weights.items()}
    V, I_j, S = [0.0] * N, [[0.0] * N for j in range(J)], [[0.0] * N for t in range(delay)]
    rows = []
    for t in range(steps):
        before, delayed, new = S[-1], S[-delay], []
        for n in range(N):
            current = sum(inputs[t][i] * w['neuron_layer.weight_iv'][i * N + n] for i in range(I))
            current += sum(delayed[m] * w['neuron_layer.weight_lat'][m * N + n] for m in range(N))
            for j in range(J):
                k = sigmoid(w['neuron_layer.trans_k_j'][j * N + n])
                r = 1 - 2 * sigmoid(w['neuron_layer.trans_r_j'][j * N + n])
                a = w['neuron_layer.a_j'][j * N + n]
                I_j[j][n] = (r * I_j[j][n] + a) * before[n] * dt / tau + (1 - k) * I_j[j][n]
            k_m = sigmoid(w['neuron_layer.trans_k_m'][n])
            V[n] = (current + k_m * R * (sum(I_j[j][n] for j in range(J)) + I0) + (1 - k_m) * V[n]
                    - dt / tau * before[n] * (V[n] - v_reset))
            new.append(sigmoid((V[n] - w['neuron_layer.thresh'][n]) / sigma_v))
        S.append(new)
        rows.append([sum(new[n] * w['output_linear.weight'][o * N + n] for n in range(N))
                     + w['output_linear.bias'][o] for o in range(O)])
    return rows

def table(rows, path):
    with open(path, 'w') as file:
        for row in rows:
            file.write(','.join(repr(x) for x in row) + '\n')

def tensors(weights, **names):
    return {names.get(name.split('.')[-1], name): tensor(values, shape, type=Parameter)
            for name, (values, shape) in weights.items()}

table(inputs, 'inputs.csv')
hyper = dict(input_size=I, hidden_size=N, output_size=O, dt=dt, tau=tau, sigma_v=sigma_v, R=R, I0=I0, v_reset=v_reset,
             synaptic_delay=1.0, lr=1e-4, optimizer='torch.optim.Adam', params_learned=True, ckpt_path='', logger=None)
for J in (0, 2):
    shapes = {'neuron_layer.weight_iv': (I, N), 'neuron_layer.weight_lat': (N, N), 'neuron_layer.thresh': (1, N),
              'neuron_layer.trans_k_m': (1, N), 'output_linear.weight': (O, N), 'output_linear.bias': (O,)}
    if J:
        shapes.update({f'neuron_layer.{name}': (J, 1, N) for name in ('trans_k_j', 'trans_r_j', 'a_j')})
    weights = make(shapes)
    table(outputs_of(weights, J), f'outputs{J}.csv')
    identity = tensor([float(i % (N + 1) == 0) for i in range(N * N)], (N, N))
    lightning = {'epoch': 7, 'state_dict': state_dict({'silence_mult': identity, **tensors(weights)}),
                 'optimizer_states': [{'state': {0: {'exp_avg': tensor([0.5], (1,))}}}],
                 'hparams_name': 'kwargs', 'hyper_parameters': hyper}
    save_legacy(lightning, f'lightning{J}.ckpt')
    save(lightning, f'zip{J}.ckpt', 'little')
    lightning['state_dict'] = state_dict({'model.' + name: t for name, t in tensors(weights).items()})
    save_legacy(lightning, f'wrapped{J}.ckpt')
old = {'trans_k_j': 'neuron_layer.trans_asc_k', 'trans_r_j': 'neuron_layer.trans_asc_r', 'a_j': 'neuron_layer.asc_amp'}
save_legacy(state_dict(tensors(weights, **old)), 'old2.pt')
)";

template <Neuron N>
void check_outputs(const TensorFile& file, const std::filesystem::path& folder, const std::string& expected) {
  const Network<Cell<N, double>> network = load_network<N, double>(file, Outputs::every_step, "imported");
  const CsvNumbers inputs = read_csv_numbers(folder / "inputs.csv", {});
  const CsvNumbers outputs = read_csv_numbers(folder / expected, {});
  Tape<double> tape(Tape<double>::Mode::forward_only);
  const Var<double> x = tape.constant(Shape{inputs.rows, 1, inputs.columns}, inputs.values.data());
  const Tensor<double> found = test::copy_of(network.forward(tape, Sequence<double>::from(x)).output.value());
  REQUIRE(found.size() == std::ssize(outputs.values));
  for (std::size_t i = 0; i < outputs.values.size(); ++i) {
    CHECK(std::abs(found.values()[i] - outputs.values[i]) < 1e-12);
  }
}

TEST_CASE("an imported network gives the outputs of the published one") {
  const auto python = test::python_with("zipfile");
  if (!python) GLIFR_SKIP("there is no Python");
  const TemporaryFolder folder;
  test::run_python(*python, folder.path(), std::string(test::python_torch) + std::string(networks));
  std::vector<std::string> forms{"lightning", "wrapped"};
  if (detail::has_zip()) forms.push_back("zip");
  for (const std::string& form : forms) {
    INFO(form);
    const TensorFile without = import_torch(folder.path() / (form + "0.ckpt"));
    CHECK_FALSE(without.find("neuron_layer.a_j"));
    CHECK(without.metadata.at("delay_steps") == "5");
    CHECK(without.metadata.at("optimizer") == "torch.optim.Adam");
    CHECK_FALSE(without.find("silence_mult"));
    check_outputs<Glifr<0>>(without, folder.path(), "outputs0.csv");
    const TensorFile with = import_torch(folder.path() / (form + "2.ckpt"));
    CHECK(with.tensors.size() == 9);
    check_outputs<Glifr<2>>(with, folder.path(), "outputs2.csv");
  }
  SECTION("of the first commits, whose file holds no settings") {
    TensorFile old = import_torch(folder.path() / "old2.pt");
    CHECK(old.metadata.empty());
    old.metadata = import_torch(folder.path() / "lightning2.ckpt").metadata;
    check_outputs<Glifr<2>>(old, folder.path(), "outputs2.csv");
  }
}

TEST_CASE("a file without a network, or with several, is refused") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "last.ckpt";
  const auto refused = [&](const std::vector<std::string>& names, const char* reason) {
    write_tensors(path, names);
    CHECK_THROWS_WITH(import_torch(path), Contains("last.ckpt: ") && Contains(reason));
  };
  refused({}, "no tensor is called 'neuron_layer.…'; found no tensors");
  refused({"a", "b", "c", "d", "e", "f"}, "found 'a', 'b', 'c', 'd', 'e', …");
  refused({"my_neuron_layer.thresh"}, "found 'my_neuron_layer.thresh'");
  refused({"state_dict.neuron_layer.bias", "average.neuron_layer.bias"},
          "more than one network: 'average.neuron_layer.…', 'state_dict.neuron_layer.…'");
  refused({"neuron_layer.a_j", "neuron_layer.asc_amp"}, "there are two tensors 'neuron_layer.a_j'");
  write_tensors(path, {"neuron_layer.weight_ih", "neuron_layer.bias", "output_linear.bias", "other"});
  CHECK(import_torch(path).tensors.size() == 3);
}

TEST_CASE("tensors become an archive for NumPy") {
  if (!detail::has_zip()) GLIFR_SKIP("this glifr was built without libzip");
  const TemporaryFolder folder;
  TensorFile file;
  file.tensors.push_back(make_named_tensor<float>("neuron_layer.thresh", {1, 2}, std::vector<float>{1, 2}));
  file.tensors.push_back({"brain", Dtype::bf16, {1}, {std::byte{0x80}, std::byte{0x3f}}});
  file.metadata = {{"dt", "0.05"}, {"neuron", "glifr"}, {"brain", "3"}};
  export_npz(file, folder.path() / "last.npz");
  const ZipFile archive(folder.path() / "last.npz");
  CHECK(npz_names(archive) == std::vector<std::string>{"neuron_layer.thresh", "brain", "dt"});
  CHECK(values_of<float>(read_npz(archive, "neuron_layer.thresh", "last.npz"), "file") == std::vector<float>{1, 2});
  CHECK(values_of<float>(read_npz(archive, "brain", "last.npz"), "file") == std::vector<float>{1});
  CHECK(values_of<double>(read_npz(archive, "dt", "last.npz"), "file") == std::vector<double>{0.05});
  CHECK(read_npz(archive, "dt", "last.npz").shape.empty());
}

}  // namespace
}  // namespace glifr
