#include "glifr/experiment/plan.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <system_error>
#include <thread>
#include <tuple>

#include "glifr/backend/fleet.hpp"
#include "glifr/backend/parallel.hpp"
#include "glifr/distributed/group.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/json.hpp"

namespace glifr {

std::vector<PlannedTrial> make_plan(const Config& config, const std::vector<Model>& chosen, Index first_trial,
                                    Index trials, const RunOptions& options, const DataFiles& files) {
  std::vector<PlannedTrial> plan;
  for (Index number = first_trial; number < first_trial + trials; ++number) {
    const std::size_t trial_start = plan.size();
    const auto place_of = [&](std::string_view name) -> std::optional<std::size_t> {
      for (std::size_t i = trial_start; i < plan.size(); ++i) {
        if (plan[i].trial.settings.model.name == name) return i;
      }
      return std::nullopt;
    };
    for (const Model& model : chosen) {
      Trial trial{.settings = config.resolve(model, &files), .number = number};
      std::optional<std::size_t> after;
      if (model.is_heterogeneous()) {
        trial.source = config.resolve(find_model(model.starts_from), &files);
        after = place_of(model.starts_from);
        Trial source{.settings = *trial.source, .number = number};
        if (!after && !can_be_resumed(trial, options) && !is_complete(source.folder(options.out))) {
          plan.push_back({std::move(source), std::nullopt, true});
          after = plan.size() - 1;
        }
      }
      plan.push_back({std::move(trial), after, false});
    }
  }
  return plan;
}

namespace {

/// The settings as far as they count: those that others switch off are made equal.
Settings what_counts(Settings s) {
  using Schedule = LearningRate::Schedule;
  const Settings plain{};
  OptimizerSettings& optimizer = s.training.optimizer;
  if (optimizer.is_adam()) {
    optimizer.momentum = 0;
  } else {
    optimizer.beta1 = optimizer.beta2 = optimizer.eps = 0;
  }
  optimizer.weight_decay = optimizer.decay();
  LearningRate& rate = s.training.learning_rate;
  const LearningRate& unused = plain.training.learning_rate;
  const bool has_steps = rate.schedule == Schedule::step, has_plateaus = rate.schedule == Schedule::plateau;
  if (!has_steps) rate.step_epochs = unused.step_epochs;
  if (!has_plateaus) rate.plateau_patience = unused.plateau_patience;
  if (!has_steps && !has_plateaus) rate.step_factor = unused.step_factor;
  if (!s.training.sigma_v_anneal) {
    s.training.sigma_v_first = plain.training.sigma_v_first;
    s.training.sigma_v_last = plain.training.sigma_v_last;
  }
  const LayerDescription first = describe_network(s).layers.front();
  const NeuronInfo& neuron = find_neuron(first.neuron, first.num_ascs);
  for (auto& [name, value] : s.model.constants) {
    const bool is_known = std::ranges::find(neuron.constants, name, &NeuronConstant::name) != neuron.constants.end();
    // Described layers have all of their constants themselves.
    if (!s.model.layers.empty() || !is_known || (name == "sigma_v" && s.training.sigma_v_anneal)) value = 0;
  }
  if (!validates(s)) s.training.validation_every = plain.training.validation_every;
  s.output = plain.output;  // says what is written, and when
  return s;
}

}  // namespace

void check_variations(const std::vector<Config>& variations, const std::vector<Model>& models, const DataFiles& files) {
  if (variations.size() < 2) return;
  std::map<std::string, std::string> names;  // by all that the variation says of the models
  for (const Config& variation : variations) {
    std::string settings;
    for (const Model& model : models) {
      const Settings resolved = what_counts(variation.resolve(model, &files));
      boost::json::object object = to_json(resolved);
      object["task"] = boost::json::value_from(resolved.model.constants);  // those of custom neurons are in no record
      settings += to_line(object);
    }
    const auto [same, is_new] = names.try_emplace(std::move(settings), variation.task());
    if (!is_new) {
      throw ConfigError("--sweep", same->second + " and " + variation.task() + " are the same for " +
                                       models.front().name + (models.size() > 1 ? " and the other models" : "") +
                                       ", on which one of the settings has no effect");
    }
  }
}

std::vector<std::size_t> chains_of(const std::vector<PlannedTrial>& plan) {
  using Origin = std::tuple<std::string, Index, std::string>;  // task, trial and the model at the beginning
  std::map<Origin, std::size_t> numbers;
  std::vector<std::size_t> chains;
  for (const auto& [trial, after, is_prerequisite] : plan) {
    const ModelSettings& first = trial.source ? trial.source->model : trial.settings.model;
    const Origin origin{trial.settings.task.name, trial.number, first.name};
    chains.push_back(numbers.try_emplace(origin, numbers.size()).first->second);
  }
  return chains;
}

std::vector<PlannedTrial> part_of(const std::vector<PlannedTrial>& plan, std::size_t part, std::size_t parts) {
  const std::vector<std::size_t> chains = chains_of(plan);
  std::vector<PlannedTrial> chosen;
  std::vector<std::size_t> places(plan.size());
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (chains[i] % parts != part) continue;
    places[i] = chosen.size();
    chosen.push_back(plan[i]);
    if (auto& after = chosen.back().after) after = places[*after];
  }
  return chosen;
}

namespace {

/// Products in a forward pass of a batch, as of layers with one input a neuron and all connections.
double count_products(const Settings& s) {
  double sum = 0, inputs = static_cast<double>(s.model.input_size);
  for (const LayerDescription& layer : describe_network(s).layers) {
    const auto neurons = static_cast<double>(layer.size);
    sum += neurons * (neurons + inputs);
    inputs = neurons;
  }
  return static_cast<double>(s.training.batch_size * s.time_steps()) * sum;
}

/// Whether a forward pass of each trial has fewer products than that.
bool are_small(const std::vector<PlannedTrial>& plan, double products) {
  return std::ranges::all_of(
      plan, [&](const PlannedTrial& planned) { return count_products(planned.trial.settings) < products; });
}

/// A number for each trial, the same for those whose networks and batches have the same sizes.
std::vector<std::size_t> shapes_of(const std::vector<PlannedTrial>& plan) {
  using Shape = std::tuple<std::string, std::string, Index, Index, Index>;
  std::map<Shape, std::size_t> numbers;
  std::vector<std::size_t> shapes;
  for (const PlannedTrial& planned : plan) {
    const Settings& s = planned.trial.settings;
    const Shape shape{s.task.base, s.model.name, s.model.hidden_size, s.training.batch_size, s.time_steps()};
    shapes.push_back(numbers.try_emplace(shape, numbers.size()).first->second);
  }
  return shapes;
}

}  // namespace

Index choose_jobs(const std::vector<PlannedTrial>& plan, Index threads) {
  // Below some ten million, a step lasts about as long as handing work to another thread.
  return are_small(plan, 3e7) ? std::clamp<Index>(std::ssize(plan), 1, threads) : 1;
}

Index choose_lanes(const std::vector<PlannedTrial>& plan) {
  constexpr Index most = 32;
  if (!are_small(plan, 2e9)) return 1;  // a fraction of a millisecond on a GPU, about as long as a step's launches
  std::map<std::size_t, Index> counts;
  Index largest = 1;
  for (const std::size_t shape : shapes_of(plan)) largest = std::max(largest, ++counts[shape]);
  return std::min(largest, most);
}

namespace {

/// What the threads of a plan share: which trials wait, run and are done.
class Schedule {
 public:
  /// Trials are started in the order of the plan, or shape by shape.
  Schedule(const std::vector<PlannedTrial>& plan, bool by_shape)
      : plan_(plan), order_(plan.size()), states_(plan.size(), State::waiting), outcomes_(plan.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    if (!by_shape) return;
    const std::vector<std::size_t> shapes = shapes_of(plan);
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return shapes[a] < shapes[b]; });
  }

  /// The next trial that may start, waiting for one if need be; nothing when none is left.
  std::optional<std::size_t> take() {
    std::unique_lock lock(mutex_);
    while (!error_) {
      bool some_wait = false;
      for (const std::size_t i : order_) {
        if (states_[i] != State::waiting) continue;
        const auto after = plan_[i].after;
        if (!after || states_[*after] == State::complete) {
          states_[i] = State::running;
          return i;
        }
        if (states_[*after] == State::failed) {
          states_[i] = State::failed;
          outcomes_[i].failure = "not run: " + plan_[*after].trial.label() + ", from which it starts, failed";
          continue;
        }
        if (states_[*after] == State::interrupted) {
          states_[i] = State::interrupted;
          continue;
        }
        some_wait = true;
      }
      if (!some_wait) return std::nullopt;
      changed_.wait(lock);
    }
    return std::nullopt;
  }

  void complete(std::size_t i, const TrialOutcome& outcome) {
    const bool is_interrupted = outcome.state == TrialOutcome::State::interrupted;
    finish(i, is_interrupted ? State::interrupted : State::complete, {outcome, {}});
  }
  void fail(std::size_t i, const std::string& why) { finish(i, State::failed, {std::nullopt, why}); }
  void stop(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    changed_.notify_all();
  }

  std::vector<PlannedOutcome> outcomes() {
    if (error_) std::rethrow_exception(error_);
    return std::move(outcomes_);
  }

 private:
  enum class State { waiting, running, complete, interrupted, failed };

  void finish(std::size_t i, State state, PlannedOutcome outcome) {
    const std::lock_guard lock(mutex_);
    states_[i] = state;
    outcomes_[i] = std::move(outcome);
    changed_.notify_all();
  }

  const std::vector<PlannedTrial>& plan_;
  std::vector<std::size_t> order_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<State> states_;
  std::vector<PlannedOutcome> outcomes_;
  std::exception_ptr error_;
};

/// What may keep a trial from diverging.
std::string remedy(const Trial& trial, const NumericError& error, Precision precision) {
  if (error.epoch() == 1 && error.step() == 1) {
    return std::string("; no weight has moved yet, so inputs, targets, initial values or constants may be too large") +
           (precision == Precision::float32 ? " for float32" : "");
  }
  const bool can_clip = find_task(trial.settings.task.base).knows("gradient_clip");
  return std::string("; a smaller lr") + (can_clip ? ", or a gradient_clip," : "") + " may keep it finite";
}

RunOptions options_of(const PlannedTrial& planned, RunOptions options) {
  options.is_prerequisite = planned.is_prerequisite;
  return options;
}

}  // namespace

void check_plan(const std::vector<PlannedTrial>& plan, const RunOptions& options) {
  for (const PlannedTrial& planned : plan)
    check_trial(planned.trial, options_of(planned, options), planned.after.has_value());
}

std::vector<PlannedOutcome> run_plan(const std::vector<PlannedTrial>& plan, const RunOptions& options, DataStore& data,
                                     Index threads, Index jobs, std::atomic<bool>& stop, TrialObserver& observer) {
  on_first(options.group, [&] { check_plan(plan, options); });
  if (threads > jobs) require_threads(threads);  // of all jobs together; where each has one, fewer jobs will do
  RunOptions own = options;
  std::optional<Fleet> fleet;
  if (options.open_device && jobs > 1) {
    fleet.emplace(options.open_device());
    own.open_device = [&fleet] { return fleet->open_lane(); };
  }
  Schedule schedule(plan, fleet.has_value());
  // The processes of a group take the same trials in the same order.
  std::atomic<bool> failed = false;
  const auto goes_on = [&] { return options.group ? !failed && options.group->all_of(!stop) : !stop; };
  const auto stop_for = [&](std::exception_ptr error) {
    schedule.stop(std::move(error));
    failed = true;
    stop = true;
  };
  const auto run = [&](std::size_t i, Workers& workers) {
    try {
      schedule.complete(i, run_trial(plan[i].trial, options_of(plan[i], own), data, workers, stop, observer));
    } catch (const NumericError& error) {
      schedule.fail(i, plan[i].trial.label() + ": " + error.what() + remedy(plan[i].trial, error, options.precision));
    } catch (const PeerFailure& failure) {
      if (!failure.diverged()) throw;
      schedule.fail(i, plan[i].trial.label() + " diverged in another process");
    }
  };
  const auto work = [&](Index job) {
    try {
      Workers workers(std::max<Index>(1, threads / jobs + (job < threads % jobs ? 1 : 0)));
      while (const auto i = goes_on() ? schedule.take() : std::nullopt) run(*i, workers);
    } catch (...) {
      stop_for(std::current_exception());
    }
  };
  {
    std::vector<std::jthread> team;
    try {
      for (Index job = 1; job < jobs; ++job) team.emplace_back(work, job);
    } catch (const std::system_error&) {  // there can be no more threads: these do the plan
    }
    work(0);
  }
  return schedule.outcomes();
}

}  // namespace glifr
