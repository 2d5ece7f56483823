#include "glifr/analysis/parameters.hpp"

#include "glifr/analysis/figures.hpp"
#include "neurons.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

void add_parameters(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("parameters",
                                         "Physical parameters of a checkpoint's neurons: learnedparams.csv "
                                         "(thresh,k_m,r_1,r_2,k_1,k_2,a_1,a_2), histograms "
                                         "against the initial values, scatter plots");
  auto options = std::make_shared<NeuronOptions>();
  add_neuron_options(*command, *options);
  session.add_options(*command);
  command->callback([&session, options] {
    session.set_action([&session, options] {
      const Neurons neurons = read_neurons(*options);
      session.write(to_csv(neurons.learned, options->has_header), "learnedparams.csv");
      session.draw(analysis::parameter_histogram_figure(neurons.learned, neurons.initial));
      session.draw(analysis::parameter_scatter_figure(neurons.learned, {}, neurons.initial));
    });
  });
}

}  // namespace glifr::apps
