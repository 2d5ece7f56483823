#include "glifr/paper/contents.hpp"

#include <algorithm>
#include <stdexcept>

#include "glifr/network/models.hpp"
#include "glifr/paper/models.hpp"

namespace glifr::paper {
namespace {

constexpr const char* dropout_tasks[] = {"lmnist-dropout0",  "lmnist-dropout20", "lmnist-dropout40",
                                         "lmnist-dropout60", "lmnist-dropout80", "lmnist-dropout100"};

}  // namespace

std::vector<Training> trainings() {
  std::vector<std::string> all;
  for (const Model& model : known_models()) all.push_back(model.name);
  std::vector<Training> list{{"realizable", {"glifr_lheta"}, 10}};
  for (const char* task : {"sine", "lmnist", "lmnist-anneal", "lmnist-lowsigma"})
    list.push_back({task, published_models(task), 10});
  for (const char* task : dropout_tasks) list.push_back({task, all, 1});
  for (const char* task : {"nmnist", "pmnist"}) list.push_back({task, published_models(task), 10});
  return list;
}

std::string command_of(const Training& training) {
  const bool is_published = published_models(training.task) == training.models;
  return "glifr_train --task " + training.task + " --model " + (is_published ? "paper" : "all") + " --ntrials " +
         std::to_string(training.trials);
}

const std::vector<Item>& contents() {
  static const std::vector<Item> items{
      {"table 1",
       "The ten kinds of network: vanilla RNN, LSTM, and GLIFR networks with and without after-spike currents, "
       "whose neurons are alike, learned, or given a learned diversity; at sizes that have about as many trained "
       "parameters as the RNN.",
       {"glifr_analyze count --task lmnist"}},
      {"figure 2",
       "Input, synaptic current, after-spike currents, voltage and firing of single neurons over 20 ms, at a "
       "wide threshold (sigma_v 1 mV) and a narrow one (1e-3 mV): of two neurons (r = -1 and a = -5 nA of both "
       "currents; r = -1 and 1, a = 5 and -5 nA), and of one neuron at two inputs (0 and 10).",
       {"glifr_analyze trace --neuron params.json --input input.csv"}},
      {"figure 3",
       "One neuron learns to reproduce the output of another: loss by epoch, which falls from 0.16 to 6e-4 "
       "within 6000 epochs; outputs before and after training beside the target; the difference of each "
       "parameter from the other neuron's by epoch.",
       {"glifr_train --task realizable --model glifr_lheta"}},
      {"figure 6",
       "Training loss by epoch on sine, lmnist, nmnist and pmnist of RNN, HomA, LHetA, FHetA, RHetA (pmnist: "
       "RNN, LHetA, RHetA), mean and standard deviation over ten trials. On pmnist the RNN stays near 2 while "
       "the GLIFR networks go on learning.",
       {"glifr_train --task TASK --model paper --ntrials 10", "glifr_analyze curves RESULTS"}},
      {"table 2",
       "Test accuracy of every network (sine: mean squared error), mean and standard deviation over ten trials.",
       {"glifr_train --task TASK --model paper --ntrials 10", "glifr_analyze summary RESULTS"}},
      {"figure 7",
       "Test result of one trained network of each kind with 0 to 100 % of its neurons silenced, ten draws each. "
       "On lmnist the RNN falls to 24 % with 40 % silenced, GLIFR networks with after-spike currents to 61 to 72 "
       "%.",
       {"glifr_analyze ablation RESULTS --trials 1 --out RESULTS/silencing"}},
      {"figure 8",
       "Training loss by epoch of LHetA and RHetA on lmnist with a narrow threshold (sigma_v 1e-3 mV) from the "
       "start, which ends near 1.1, and with one that narrows from 1 to 1e-3 mV during training, which falls "
       "below 0.2 and rises to about 0.6 in the last epochs.",
       {"glifr_train --task lmnist-lowsigma --model paper --ntrials 10",
        "glifr_train --task lmnist-anneal --model paper --ntrials 10", "glifr_analyze curves RESULTS"}},
      {"figure 9",
       "Ward clusters of the learned parameters of the neurons of LHetA on lmnist: Calinski-Harabasz index "
       "(highest for four clusters), scatter plots of the parameters and f-I curves, both coloured by cluster, "
       "beside a neuron before training.",
       {"glifr_analyze cluster RESULTS/lmnist/glifr_lheta/trial_0"}},
      {"figure S1", "The results of table 2 as bars, with the single trials.", {"glifr_analyze summary RESULTS"}},
      {"figure S2",
       "Outputs of one trained network of RNN, HomA, LHetA, FHetA and RHetA on the six sine waves, beside the "
       "targets.",
       {"glifr_analyze responses RESULTS/sine"}},
      {"figure S3",
       "Networks trained on lmnist with dropout and tested with the same share of their neurons silenced. With "
       "40 % the RNN reaches 31 %, RHetA 67 %.",
       {"glifr_train --task lmnist-dropout40 --model all (and 0, 20, 60, 80, 100)",
        "glifr_analyze ablation RESULTS --trials 1 --out RESULTS/silencing"}},
      {"figure S4",
       "Histograms of the neurons' parameters before and after training (LHetA on sine and lmnist): what was "
       "alike is spread after training.",
       {"glifr_analyze parameters RESULTS/sine/glifr_lheta/trial_0"}},
      {"figure S5",
       "As figure 9, for LHetA on sine and nmnist.",
       {"glifr_analyze cluster RESULTS/sine/glifr_lheta/trial_0"}},
  };
  return items;
}

const Item& find_item(std::string_view name) {
  const auto found = std::ranges::find(contents(), name, &Item::name);
  if (found == contents().end()) throw std::logic_error("the paper has no " + std::string(name));
  return *found;
}

std::optional<double> typical_seconds(std::string_view base_task, std::string_view model) {
  // Milliseconds of a step, by the batch with which it was measured; the epochs have 60,000 samples.
  const bool is_rnn = model == "rnn", is_lstm = model == "lstmn";
  const auto epoch = [](double milliseconds, double batch) { return milliseconds * 1e-3 * 60000 / batch; };
  if (base_task == "lmnist") return epoch(is_rnn ? 18.8 : is_lstm ? 24.5 : 9.3, 256);
  if (base_task == "nmnist") return epoch(is_rnn ? 25.5 : is_lstm ? 37.5 : 35, 512);
  if (base_task == "pmnist") return epoch(is_rnn ? 3.5 : is_lstm ? 1230 : 684, 512);
  return std::nullopt;
}

std::vector<std::string> models_of_curves(std::string_view task) {
  if (task == "pmnist") return {"rnn", "glifr_lheta", "glifr_rheta"};
  if (task == "lmnist-anneal" || task == "lmnist-lowsigma") return {"glifr_lheta", "glifr_rheta"};
  return {"rnn", "glifr_homa", "glifr_lheta", "glifr_fheta", "glifr_rheta"};
}

}  // namespace glifr::paper
