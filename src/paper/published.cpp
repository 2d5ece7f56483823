#include "glifr/paper/published.hpp"

#include <algorithm>
#include <array>

namespace glifr::paper {
namespace {

/// {trials, mean, sd} of test accuracy and test loss.
constexpr std::array<PublishedResult, 35> published_results{{
    {"sine", "rnn", {}, {10, 0.05608, 0.08332}},
    {"sine", "lstmn", {}, {10, 0.00936, 0.00689}},
    {"sine", "glifr_hom", {}, {10, 0.03475, 0.00682}},
    {"sine", "glifr_homa", {}, {10, 0.03088, 0.00697}},
    {"sine", "glifr_lhet", {}, {10, 0.02326, 0.00697}},
    {"sine", "glifr_lheta", {}, {10, 0.02270, 0.00468}},
    {"sine", "glifr_fhet", {}, {10, 0.01636, 0.00356}},
    {"sine", "glifr_fheta", {}, {10, 0.01658, 0.00317}},
    {"sine", "glifr_rhet", {}, {10, 0.01146, 0.00198}},
    {"sine", "glifr_rheta", {}, {10, 0.01208, 0.00170}},
    {"lmnist", "rnn", {10, 0.97792, 0.00402}, {10, 0.08693, 0.01435}},
    {"lmnist", "lstmn", {10, 0.98662, 0.00087}, {10, 0.05393, 0.00316}},
    {"lmnist", "glifr_hom", {10, 0.93654, 0.00206}, {10, 0.19981, 0.00396}},
    {"lmnist", "glifr_homa", {10, 0.93642, 0.00135}, {10, 0.20173, 0.00227}},
    {"lmnist", "glifr_lhet", {10, 0.93775, 0.00228}, {10, 0.19647, 0.00488}},
    {"lmnist", "glifr_lheta", {10, 0.94170, 0.00172}, {10, 0.18068, 0.00474}},
    {"lmnist", "glifr_fhet", {10, 0.93722, 0.00156}, {10, 0.19528, 0.00313}},
    {"lmnist", "glifr_fheta", {10, 0.94116, 0.00212}, {10, 0.18088, 0.00578}},
    {"lmnist", "glifr_rhet", {10, 0.93752, 0.00223}, {10, 0.19391, 0.00471}},
    {"lmnist", "glifr_rheta", {10, 0.94814, 0.00128}, {10, 0.16086, 0.00358}},
    {"nmnist", "rnn", {10, 0.84174, 0.00249}, {10, 1.02419, 0.01264}},
    {"nmnist", "lstmn", {10, 0.85923, 0.00450}, {10, 0.88854, 0.07694}},
    {"nmnist", "glifr_hom", {10, 0.88000, 0.00276}, {10, 0.42931, 0.00624}},
    {"nmnist", "glifr_homa", {10, 0.87956, 0.00356}, {10, 0.43168, 0.00813}},
    {"nmnist", "glifr_lhet", {10, 0.87747, 0.00310}, {10, 0.43912, 0.01259}},
    {"nmnist", "glifr_lheta", {10, 0.87833, 0.00586}, {10, 0.43387, 0.01668}},
    {"nmnist", "glifr_fhet", {10, 0.87216, 0.00360}, {10, 0.47057, 0.01002}},
    {"nmnist", "glifr_fheta", {10, 0.87224, 0.00473}, {10, 0.47236, 0.01467}},
    {"nmnist", "glifr_rhet", {10, 0.87402, 0.00266}, {10, 0.46410, 0.00835}},
    {"nmnist", "glifr_rheta", {10, 0.87307, 0.00220}, {10, 0.46612, 0.01280}},
    {"pmnist", "rnn", {10, 0.25640, 0.00105}, {10, 1.99627, 0.00065}},
    {"pmnist", "glifr_lheta", {10, 0.61678, 0.02211}, {10, 1.39888, 0.07270}},
    {"pmnist", "glifr_rheta", {10, 0.67209, 0.01457}, {10, 1.25794, 0.05467}},
    {"lmnist-anneal", "glifr_lheta", {10, 0.74492, 0.01902}, {10, 0.76454, 0.05409}},
    {"lmnist-anneal", "glifr_rheta", {10, 0.79188, 0.01848}, {10, 0.63296, 0.04973}},
}};

}  // namespace

const PublishedResult* find_published(std::string_view task, std::string_view model) {
  const auto found = std::ranges::find_if(
      published_results, [&](const PublishedResult& result) { return result.task == task && result.model == model; });
  return found == published_results.end() ? nullptr : &*found;
}

Index published_test_samples(std::string_view task) {
  return task == "sine" ? 6 : 10000;
}

}  // namespace glifr::paper
