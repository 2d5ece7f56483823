#pragma once

#include "glifr/backend/memory.hpp"
#include "glifr/backend/sums.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/neurons/math.hpp"

/// Elementwise functions with their derivatives, and what applies them to matrices in the memory of a place (`Arena`).
/// An operand with one row or one column is repeated along the other's rows or columns; its gradient is summed over
/// them in a fixed order.
namespace glifr::kernels {

// --- functions of one number: value(x), and slope(x, y) = dy/dx with y = value(x)
// -------------------------------------------------------

struct Sigmoid {
  template <class T>
  GLIFR_INLINE T value(T x) const {
    return sigmoid(x);
  }
  template <class T>
  GLIFR_INLINE T slope(T, T y) const {
    return y * (1 - y);
  }
};
struct Tanh {
  template <class T>
  GLIFR_INLINE T value(T x) const {
    return tanh(x);
  }
  template <class T>
  GLIFR_INLINE T slope(T, T y) const {
    return 1 - y * y;
  }
};
struct Exp {
  template <class T>
  GLIFR_INLINE T value(T x) const {
    return exp(x);
  }
  template <class T>
  GLIFR_INLINE T slope(T, T y) const {
    return y;
  }
};
struct Log {
  template <class T>
  GLIFR_INLINE T value(T x) const {
    return log(x);
  }
  template <class T>
  GLIFR_INLINE T slope(T x, T) const {
    return 1 / x;
  }
};
struct Sqrt {
  template <class T>
  GLIFR_INLINE T value(T x) const {
    return sqrt(x);
  }
  template <class T>
  GLIFR_INLINE T slope(T, T y) const {
    return T(0.5) / y;
  }
};
struct Abs {
  template <class T>
  GLIFR_INLINE T value(T x) const {
    return abs(x);
  }
  template <class T>
  GLIFR_INLINE T slope(T x, T) const {
    return less(T(0), x) - less(x, T(0));
  }
};
/// factor x + offset.
template <Scalar S>
struct Affine {
  S factor, offset;
  GLIFR_INLINE S value(S x) const { return factor * x + offset; }
  GLIFR_INLINE S slope(S, S) const { return factor; }
};
/// numerator / x.
template <Scalar S>
struct Reciprocal {
  S numerator;
  GLIFR_INLINE S value(S x) const { return numerator / x; }
  GLIFR_INLINE S slope(S x, S y) const { return -y / x; }
};

// --- functions of two numbers: value(a, b), and slope_a, slope_b (a, b, y)
// ---------------------------------------------------------------

struct Add {
  template <class T>
  GLIFR_INLINE T value(T a, T b) const {
    return a + b;
  }
  template <class T>
  GLIFR_INLINE T slope_a(T, T, T) const {
    return 1;
  }
  template <class T>
  GLIFR_INLINE T slope_b(T, T, T) const {
    return 1;
  }
};
struct Subtract {
  template <class T>
  GLIFR_INLINE T value(T a, T b) const {
    return a - b;
  }
  template <class T>
  GLIFR_INLINE T slope_a(T, T, T) const {
    return 1;
  }
  template <class T>
  GLIFR_INLINE T slope_b(T, T, T) const {
    return -1;
  }
};
struct Multiply {
  template <class T>
  GLIFR_INLINE T value(T a, T b) const {
    return a * b;
  }
  template <class T>
  GLIFR_INLINE T slope_a(T, T b, T) const {
    return b;
  }
  template <class T>
  GLIFR_INLINE T slope_b(T a, T, T) const {
    return a;
  }
};
struct Divide {
  template <class T>
  GLIFR_INLINE T value(T a, T b) const {
    return a / b;
  }
  template <class T>
  GLIFR_INLINE T slope_a(T, T b, T) const {
    return 1 / b;
  }
  template <class T>
  GLIFR_INLINE T slope_b(T, T b, T y) const {
    return -y / b;
  }
};
struct Min {
  template <class T>
  GLIFR_INLINE T value(T a, T b) const {
    return min(a, b);
  }
  template <class T>
  GLIFR_INLINE T slope_a(T a, T b, T) const {
    return 1 - less(b, a);
  }
  template <class T>
  GLIFR_INLINE T slope_b(T a, T b, T) const {
    return less(b, a);
  }
};
struct Max {
  template <class T>
  GLIFR_INLINE T value(T a, T b) const {
    return max(a, b);
  }
  template <class T>
  GLIFR_INLINE T slope_a(T a, T b, T) const {
    return 1 - less(a, b);
  }
  template <class T>
  GLIFR_INLINE T slope_b(T a, T b, T) const {
    return less(a, b);
  }
};
struct Less {
  template <class T>
  GLIFR_INLINE T value(T a, T b) const {
    return less(a, b);
  }
  template <class T>
  GLIFR_INLINE T slope_a(T, T, T) const {
    return 0;
  }
  template <class T>
  GLIFR_INLINE T slope_b(T, T, T) const {
    return 0;
  }
};
/// b where the condition a is 1 (`Wanted` 1) or 0 (`Wanted` 0), else 0.
template <int Wanted>
struct Gate {
  template <class T>
  GLIFR_INLINE T value(T a, T b) const {
    return (a > T(0.5)) == (Wanted == 1) ? b : T(0);
  }
  template <class T>
  GLIFR_INLINE T slope_a(T, T, T) const {
    return 0;
  }
  template <class T>
  GLIFR_INLINE T slope_b(T a, T, T) const {
    return (a > T(0.5)) == (Wanted == 1) ? T(1) : T(0);
  }
};

// --- the same for matrices. Bodies are made of the function itself, so that one without members takes no room.
// ---------------------------------------------------------------------------------------

/// y = f(x).
template <class F, Scalar T>
struct Map : F {
  View<const T> x;
  View<T> y;
  GLIFR_INLINE void operator()(Index r, Index c) const { y(r, c) = this->value(x(r, c)); }
};
template <class F, Scalar T>
void map(Arena& place, const F& f, View<const T> x, View<T> y) {
  for_each_element(place.device(), y.rows, y.columns, Map<F, T>{f, x, y});
}

/// dx += dy f'(x).
template <class F, Scalar T>
struct MapBackward : F {
  View<const T> x, y, dy;
  View<T> dx;
  GLIFR_INLINE void operator()(Index r, Index c) const { dx(r, c) += dy(r, c) * this->slope(x(r, c), y(r, c)); }
};
template <class F, Scalar T>
void map_backward(Arena& place, const F& f, View<const T> x, View<const T> y, View<const T> dy, View<T> dx) {
  for_each_element(place.device(), y.rows, y.columns, MapBackward<F, T>{f, x, y, dy, dx});
}

/// An operand whose single row or column stands for all.
template <class T>
struct Repeated {
  T* data;
  Index row_step, column_step;

  explicit Repeated(View<T> view)
      : data(view.data), row_step(view.rows == 1 ? 0 : view.stride), column_step(view.columns == 1 ? 0 : 1) {}
  GLIFR_INLINE T& operator()(Index r, Index c) const { return data[r * row_step + c * column_step]; }
};

/// y = f(a, b).
template <class F, Scalar T>
struct Combine : F {
  Repeated<const T> a, b;
  View<T> y;
  GLIFR_INLINE void operator()(Index r, Index c) const { y(r, c) = this->value(a(r, c), b(r, c)); }
};
template <class F, Scalar T>
void combine(Arena& place, const F& f, View<const T> a, View<const T> b, View<T> y) {
  for_each_element(place.device(), y.rows, y.columns, Combine<F, T>{f, Repeated<const T>(a), Repeated<const T>(b), y});
}

/// What an element of y = f(a, b) hands to its operand a (`To` 0) or b (`To` 1).
template <class F, int To, Scalar T>
struct CombineShare : F {
  Repeated<const T> a, b;
  View<const T> y, dy;
  GLIFR_INLINE T operator()(Index r, Index c) const {
    if constexpr (To == 0) return dy(r, c) * this->slope_a(a(r, c), b(r, c), y(r, c));
    if constexpr (To == 1) return dy(r, c) * this->slope_b(a(r, c), b(r, c), y(r, c));
  }
};

/// da += dy df/da, db += dy df/db; an empty da or db is left out.
template <class F, Scalar T>
void combine_backward(Arena& place, const F& f, View<const T> a_view, View<const T> b_view, View<const T> y,
                      View<const T> dy, View<T> da, View<T> db) {
  const Repeated<const T> a(a_view), b(b_view);
  if (da.data) add_sums(place, y.rows, y.columns, CombineShare<F, 0, T>{f, a, b, y, dy}, da);
  if (db.data) add_sums(place, y.rows, y.columns, CombineShare<F, 1, T>{f, a, b, y, dy}, db);
}

/// y += x, of which a single row or column is repeated.
template <Scalar T>
struct Accumulate {
  Repeated<const T> x;
  View<T> y;
  GLIFR_INLINE void operator()(Index r, Index c) const { y(r, c) += x(r, c); }
};
template <Scalar T>
void accumulate(Arena& place, View<const T> x, View<T> y) {
  for_each_element(place.device(), y.rows, y.columns, Accumulate<T>{Repeated<const T>(x), y});
}

/// y = x.
template <Scalar T>
struct Copy {
  View<const T> x;
  View<T> y;
  GLIFR_INLINE void operator()(Index r, Index c) const { y(r, c) = x(r, c); }
};
template <Scalar T>
void copy(Arena& place, View<const T> x, View<T> y) {
  for_each_element(place.device(), y.rows, y.columns, Copy<T>{x, y});
}

/// y = value.
template <Scalar T>
void fill(Arena& place, View<T> y, T value) {
  for_each_element(place.device(), y.rows, y.columns, Fill<T>{y, value});
}

}  // namespace glifr::kernels
