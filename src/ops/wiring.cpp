#include "glifr/ops/wiring.hpp"

#include <string>

#include "connections.hpp"
#include "glifr/backend/detail/elementwise.hpp"
#include "glifr/ops/detail/wiring.hpp"

namespace glifr {

namespace {

/// Of weights [inputs, connections] and their list.
template <Scalar T>
void check_shapes(const char* operation, const Var<T>& x, const Var<T>& connections) {
  detail::check_tape(operation, x, connections);
  if (connections.value().rows != 2 || connections.value().columns != x.value().columns) {
    throw ShapeError(operation, "a list of connections " + to_string(Shape{2, x.value().columns}),
                     to_string(connections.shape()));
  }
}

}  // namespace

template <Scalar T>
Var<T> place_weights(const Var<T>& x, const Var<T>& connections, Index senders, Index receivers) {
  Tape<T>& tape = x.tape();
  const View<T> values = x.value();
  check_shapes("place_weights", x, connections);
  if (!tape.device()) detail::check_connections<T>(connections.value(), senders, receivers);
  const Var<T> y = tape.make_from({senders, values.rows * receivers}, x);
  kernels::fill(tape.memory(), y.value(), T(0));
  for_each_element(tape.device(), values.rows, values.columns,
                   kernels::PlaceWeights<T>{values, connections.value(), receivers, y.value()});
  if (y.has_grad()) {
    tape.on_backward([x, connections, receivers, y] {
      const View<T> dx = x.grad();
      for_each_element(x.tape().device(), dx.rows, dx.columns,
                       kernels::PlaceWeightsBackward<T>{connections.value(), receivers, y.grad(), dx});
    });
  }
  return y;
}

template <Scalar T>
Var<T> sign_weights(const Var<T>& x, const Var<T>& signs, const Var<T>& connections) {
  Tape<T>& tape = x.tape();
  const View<T> values = x.value();
  detail::check_tape("sign_weights", x, signs);
  const Index known = signs.shape().size();
  if (connections.is_empty()) {
    if (known != values.rows)
      throw ShapeError("sign_weights", std::to_string(values.rows) + " signs", std::to_string(known));
  } else {
    check_shapes("sign_weights", x, connections);
    // Senders ascend, as whoever takes the weights sees: once a step is enough.
    const View<T> pairs = connections.value();
    if (!tape.device() && pairs.columns > 0 &&
        !(pairs(0, 0) >= T(0) && pairs(0, pairs.columns - 1) < static_cast<T>(known)))
      throw ShapeError("sign_weights", "senders below " + std::to_string(known), "others");
  }
  const Var<T> y = tape.make_from(x.shape(), x);
  const T* sign = signs.value().data;
  const T* senders = connections.is_empty() ? nullptr : connections.value().row(0);
  for_each_element(tape.device(), values.rows, values.columns,
                   kernels::SignWeights<T>{values, sign, senders, y.value()});
  if (y.has_grad()) {
    tape.on_backward([x, sign, senders, y] {
      const View<T> dx = x.grad();
      for_each_element(x.tape().device(), dx.rows, dx.columns,
                       kernels::SignWeightsBackward<T>{x.value(), sign, senders, y.grad(), dx});
    });
  }
  return y;
}

#define GLIFR_INSTANTIATE_WIRING(T)                                                  \
  template Var<T> place_weights(const Var<T>&, const Var<T>&, Index senders, Index); \
  template Var<T> sign_weights(const Var<T>&, const Var<T>& signs, const Var<T>& pairs);
GLIFR_INSTANTIATE_WIRING(float)
GLIFR_INSTANTIATE_WIRING(double)
#undef GLIFR_INSTANTIATE_WIRING

}  // namespace glifr
