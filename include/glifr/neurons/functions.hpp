#pragma once

#include <cmath>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "glifr/neurons/scalar.hpp"

/// The elementary functions: what a neuron's `step` may call. Each stands here once, with its value and its derivative,
/// and everything else takes both from here: plain numbers, lanes of vector registers, the operations of the tape, the
/// kernels of host and device, and the symbols from which the compiler derives the reverse step.
///
/// To add one, write below a struct of `functions` with
///
///     name                  for messages
///     value(a, b, …)        y, on any value type, from arithmetic and the functions above it
///     adjoint(w, x, y)      w dy/dx: what dL/dy = w adds to dL/dx. With several operands adjoint_a(w, a, b, …, y),
///                           adjoint_b, adjoint_c; an operand that has none receives no gradient
///
/// then the function that users call, and its name in `functions::All`. A value that only plain numbers can compute
/// takes a `Scalar` (lanes then run one by one), one that decides between operands with ?: a `detail::Register`.
namespace glifr {

/// How functions run on a value type V: `ValueType<V>::call<F>(operands...)`, of which one at least is a V and the
/// others are that or numbers. Every value type has its own beside it: here, Pack, Var and Symbol.
template <class V>
struct ValueType;
/// Plain numbers.
template <Scalar T>
struct ValueType<T> {
  template <class F, class... X>
  static GLIFR_INLINE constexpr T call(const X&... x) {
    return F::value(static_cast<T>(x)...);
  }
};

/// Base of the value types outside this namespace, so that a step anywhere finds the functions for them.
struct Value {};

namespace detail {

template <class X>
concept ValueClass = std::is_class_v<X> && requires {
  sizeof(ValueType<X>);
};

/// The value type among operands: that of the values where there are any; of numbers float where one is a float, as a
/// literal is beside a value, else double.
template <class... X>
struct Meeting {
  using type = std::conditional_t<(std::is_same_v<X, float> || ...), float, double>;
};
template <class First, class... Rest>
requires(ValueClass<First> || (ValueClass<Rest> || ...)) struct Meeting<First, Rest...> {
  using type = typename Meeting<Rest...>::type;
};
template <ValueClass First, class... Rest>
struct Meeting<First, Rest...> {
  using type = First;
};

/// What a function may be called with: values of one type and numbers; a float, a double or a value among them.
template <class... X>
concept Operands = ((Scalar<X> || ValueClass<X>) || ...) &&
                   ((std::is_arithmetic_v<X> || std::is_convertible_v<X, typename Meeting<X...>::type>)&&...);

template <class F, class... X>
GLIFR_INLINE constexpr auto call(const X&... x) {
  return ValueType<typename Meeting<X...>::type>::template call<F>(x...);
}

/// What ?: decides about as a whole: a number, or a vector register, lane by lane.
template <class T>
concept Register = !std::is_class_v<T>;

}  // namespace detail

// --- arithmetic: the operators of every value type -------------------------------------------------------------------

namespace functions {

/// a + b
struct Add {
  static constexpr const char* name = "add";
  template <class T>
  static GLIFR_INLINE constexpr T value(const T& a, const T& b) {
    return a + b;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_a(const T& w, const T&, const T&, const T&) {
    return w;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_b(const T& w, const T&, const T&, const T&) {
    return w;
  }
};

/// a - b
struct Subtract {
  static constexpr const char* name = "subtract";
  template <class T>
  static GLIFR_INLINE constexpr T value(const T& a, const T& b) {
    return a - b;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_a(const T& w, const T&, const T&, const T&) {
    return w;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_b(const T& w, const T&, const T&, const T&) {
    return -w;
  }
};

/// a b
struct Multiply {
  static constexpr const char* name = "multiply";
  template <class T>
  static GLIFR_INLINE constexpr T value(const T& a, const T& b) {
    return a * b;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_a(const T& w, const T&, const T& b, const T&) {
    return w * b;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_b(const T& w, const T& a, const T&, const T&) {
    return w * a;
  }
};

/// a / b
struct Divide {
  static constexpr const char* name = "divide";
  template <class T>
  static GLIFR_INLINE constexpr T value(const T& a, const T& b) {
    return a / b;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_a(const T& w, const T&, const T& b, const T&) {
    return w / b;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_b(const T& w, const T&, const T& b, const T& y) {
    return -(w / b * y);
  }
};

/// -x
struct Negate {
  static constexpr const char* name = "negate";
  template <class T>
  static GLIFR_INLINE constexpr T value(const T& x) {
    return -x;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint(const T& w, const T&, const T&) {
    return -w;
  }
};

}  // namespace functions

// --- functions of one number -----------------------------------------------------------------------------------------

namespace functions {

struct Exp {
  static constexpr const char* name = "exp";
  template <Scalar T>
  static GLIFR_INLINE constexpr T value(const T& x) {
    return std::exp(x);
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint(const T& w, const T&, const T& y) {
    return w * y;
  }
};

struct Log {
  static constexpr const char* name = "log";
  template <Scalar T>
  static GLIFR_INLINE constexpr T value(const T& x) {
    return std::log(x);
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint(const T& w, const T& x, const T&) {
    return w / x;
  }
};

struct Sqrt {
  static constexpr const char* name = "sqrt";
  template <Scalar T>
  static GLIFR_INLINE constexpr T value(const T& x) {
    return std::sqrt(x);
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint(const T& w, const T&, const T& y) {
    return T(0.5) * w / y;
  }
};

struct Tanh {
  static constexpr const char* name = "tanh";
  template <Scalar T>
  static GLIFR_INLINE constexpr T value(const T& x) {
    return std::tanh(x);
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint(const T& w, const T&, const T& y) {
    return w - w * (y * y);
  }
};

struct Sigmoid {
  static constexpr const char* name = "sigmoid";
  template <Scalar T>
  static GLIFR_INLINE constexpr T value(const T& x) {
    return 1 / (1 + std::exp(-x));
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint(const T& w, const T&, const T& y) {
    return w * (y - y * y);
  }
};

}  // namespace functions

/// e^x.
template <detail::Operands X>
GLIFR_INLINE constexpr auto exp(const X& x) {
  return detail::call<functions::Exp>(x);
}
/// The natural logarithm.
template <detail::Operands X>
GLIFR_INLINE constexpr auto log(const X& x) {
  return detail::call<functions::Log>(x);
}
/// The square root.
template <detail::Operands X>
GLIFR_INLINE constexpr auto sqrt(const X& x) {
  return detail::call<functions::Sqrt>(x);
}
/// The hyperbolic tangent.
template <detail::Operands X>
GLIFR_INLINE constexpr auto tanh(const X& x) {
  return detail::call<functions::Tanh>(x);
}
/// Logistic function 1 / (1 + exp(-x)): 0 and 1 at -inf and +inf, never NaN for a number.
template <detail::Operands X>
GLIFR_INLINE constexpr auto sigmoid(const X& x) {
  return detail::call<functions::Sigmoid>(x);
}

// --- choices ---------------------------------------------------------------------------------------------------------

namespace functions {

struct Less {
  static constexpr const char* name = "less";
  template <detail::Register T>
  static GLIFR_INLINE constexpr T value(const T& a, const T& b) {
    return a < b ? T() + 1 : T();
  }
};

struct Select {
  static constexpr const char* name = "select";
  template <detail::Register T>
  static GLIFR_INLINE constexpr T value(const T& condition, const T& a, const T& b) {
    return condition > 0.5F ? a : b;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_b(const T& w, const T& condition, const T&, const T&, const T&) {
    return detail::call<Select>(condition, w, T(0));
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_c(const T& w, const T& condition, const T&, const T&, const T&) {
    return detail::call<Select>(condition, T(0), w);
  }
};

}  // namespace functions

/// 1 where a < b, else 0; its derivative is zero. What `if (a < b)` would decide in ordinary code, `select(less(a, b),
/// x, y)` decides here.
template <class A, detail::Operands<A> B>
GLIFR_INLINE constexpr auto less(const A& a, const B& b) {
  return detail::call<functions::Less>(a, b);
}
/// `a` where the condition (made by `less`) is 1, `b` where it is 0.
template <class C, class A, detail::Operands<C, A> B>
GLIFR_INLINE constexpr auto select(const C& condition, const A& a, const B& b) {
  return detail::call<functions::Select>(condition, a, b);
}

namespace functions {

struct Min {
  static constexpr const char* name = "min";
  template <detail::Register T>
  static GLIFR_INLINE constexpr T value(const T& a, const T& b) {
    return b < a ? b : a;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_a(const T& w, const T& a, const T& b, const T&) {
    return select(less(b, a), T(0), w);
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_b(const T& w, const T& a, const T& b, const T&) {
    return select(less(b, a), w, T(0));
  }
};

struct Max {
  static constexpr const char* name = "max";
  template <detail::Register T>
  static GLIFR_INLINE constexpr T value(const T& a, const T& b) {
    return a < b ? b : a;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_a(const T& w, const T& a, const T& b, const T&) {
    return select(less(a, b), T(0), w);
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_b(const T& w, const T& a, const T& b, const T&) {
    return select(less(a, b), w, T(0));
  }
};

struct Abs {
  static constexpr const char* name = "abs";
  template <Scalar T>
  static GLIFR_INLINE constexpr T value(const T& x) {
    return std::fabs(x);
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint(const T& w, const T& x, const T&) {
    return w * (less(T(0), x) - less(x, T(0)));
  }
};

struct Surrogate {
  static constexpr const char* name = "surrogate";
  template <class T>
  static GLIFR_INLINE constexpr T value(const T& value, const T&, const T&) {
    return value;
  }
  template <class T>
  static GLIFR_INLINE constexpr T adjoint_b(const T& w, const T&, const T&, const T& slope, const T&) {
    return w * slope;
  }
};

}  // namespace functions

/// The smaller of two values. Its derivative goes to the first where they are equal.
template <class A, detail::Operands<A> B>
GLIFR_INLINE constexpr auto min(const A& a, const B& b) {
  return detail::call<functions::Min>(a, b);
}
/// The larger of two values. Its derivative goes to the first where they are equal.
template <class A, detail::Operands<A> B>
GLIFR_INLINE constexpr auto max(const A& a, const B& b) {
  return detail::call<functions::Max>(a, b);
}
/// The absolute value; its derivative at 0 is 0.
template <detail::Operands X>
GLIFR_INLINE constexpr auto abs(const X& x) {
  return detail::call<functions::Abs>(x);
}
/// `value` going forward, with `slope` as its derivative with respect to `x` going backward, and no other: the
/// surrogate gradient of a spike (Neftci, Mostafa & Zenke 2019, IEEE Signal Processing Magazine 36(6)).
template <class V, class X, detail::Operands<V, X> S>
GLIFR_INLINE constexpr auto surrogate(const V& value, const X& x, const S& slope) {
  return detail::call<functions::Surrogate>(value, x, slope);
}

// --- the table -------------------------------------------------------------------------------------------------------

namespace functions {

/// A list of functions, for what goes over all of them.
template <class... F>
struct List {
  static constexpr int size = sizeof...(F);  ///< how many
  /// The function at a place of the list.
  template <int I>
  using At = std::tuple_element_t<static_cast<std::size_t>(I), std::tuple<F...>>;
  /// The place of a function.
  template <class G>
  static constexpr int index = [] {
    int place = 0;
    static_cast<void>(((!std::is_same_v<F, G> && ++place != 0) && ...));
    return place;
  }();
  /// Calls visit(F{}) with the function at that place.
  template <class Visit>
  static constexpr void visit(int place, Visit&& visit) {
    int i = 0;
    static_cast<void>(((i++ == place && (visit(F{}), true)) || ...));
  }
  /// Calls visit(F{}) with each of them.
  template <class Visit>
  static constexpr void for_each(Visit&& visit) {
    (visit(F{}), ...);
  }
};

using All = List<Add, Subtract, Multiply, Divide, Negate, Exp, Log, Sqrt, Tanh, Sigmoid, Less, Select, Min, Max, Abs,
                 Surrogate>;

/// How many operands a function has: 1 to 3.
template <class F>
inline constexpr int operand_count = requires {
  F::value(1.0);
}
? 1 : requires {
  F::value(1.0, 1.0);
}
? 2 : 3;

/// w dy / d operand K, from the operands and, as the last of `x`, y.
template <class F, int K, class T, class... X>
GLIFR_INLINE constexpr T adjoint(const T& w, const X&... x) {
  if constexpr (operand_count<F> == 1) {
    return F::adjoint(w, x...);
  } else if constexpr (K == 0) {
    return F::adjoint_a(w, x...);
  } else if constexpr (K == 1) {
    return F::adjoint_b(w, x...);
  } else {
    return F::adjoint_c(w, x...);
  }
}

/// Whether operand K receives a gradient.
template <class F, int K, std::size_t... X>
consteval bool has_adjoint(std::index_sequence<X...>) {
  if constexpr (operand_count<F> == 1) return requires {
      F::adjoint(1.0, (static_cast<void>(X), 1.0)..., 1.0);
    };
  if constexpr (K == 0) return requires {
      F::adjoint_a(1.0, (static_cast<void>(X), 1.0)..., 1.0);
    };
  if constexpr (K == 1) return requires {
      F::adjoint_b(1.0, (static_cast<void>(X), 1.0)..., 1.0);
    };
  return K == 2 && requires {
    F::adjoint_c(1.0, (static_cast<void>(X), 1.0)..., 1.0);
  };
}
template <class F, int K>
inline constexpr bool receives_gradient =
    K < operand_count<F>&& has_adjoint<F, K>(std::make_index_sequence<static_cast<std::size_t>(operand_count<F>)>{});

}  // namespace functions

}  // namespace glifr
