#pragma once

#include <algorithm>

#include "glifr/backend/memory.hpp"
#include "glifr/backend/view.hpp"

/// Sums over the rows, the columns or all elements of a matrix, in an order that depends on its size alone.
namespace glifr::kernels {

/// What a sum runs over.
enum class Along : Index { rows, columns, both };

/// An element as a term of the sums over its matrix.
template <class Element>
struct Terms {
  Element element;
  Along along;
  Index columns;
  GLIFR_INLINE auto operator()(Index k, Index r, Index c) const {
    if (along == Along::both) return element(k / columns, k % columns);
    return along == Along::rows ? element(k, c) : element(r, k);
  }
};

/// Sums of the stage before as terms: `[chunk, row, column]`.
template <class S>
struct Partials {
  const S* data;
  Index rows, columns;
  GLIFR_INLINE S operator()(Index k, Index r, Index c) const { return data[(k * rows + r) * columns + c]; }
};

/// Chunk `chunk` of the terms of each sum: every `chunks`-th, so that neighbouring threads read neighbouring numbers
/// where everything is summed up.
template <class Term, class S>
struct SumChunk {
  Term term;
  Index count, chunks;  // terms, and chunks of them
  View<S> out;          // [chunks * rows, columns]
  Index rows;
  Index adds;  // 1: to what stands there; 0: in its place
  GLIFR_INLINE void operator()(Index row, Index c) const {
    const Index chunk = row / rows, r = row % rows;
    S sum = 0;
    for (Index k = chunk; k < count; k += chunks) sum += static_cast<S>(term(k, r, c));
    out(row, c) = adds ? out(row, c) + sum : sum;
  }
};

/// Terms that a thread adds up by itself.
inline constexpr Index terms_a_thread = 128;

template <class Term, class S>
void add_sums_on_device(Arena& memory, Index count, const Term& term, View<S> out) {
  const Index chunks = (count + terms_a_thread - 1) / terms_a_thread;
  if (chunks <= 1) {
    return for_each_element(memory.device(), out.rows, out.columns,
                            SumChunk<Term, S>{term, count, 1, out, std::max<Index>(1, out.rows), 1});
  }
  const View<S> partial(memory.template allocate<S>(chunks * out.rows * out.columns), chunks * out.rows, out.columns);
  for_each_element(memory.device(), partial.rows, partial.columns,
                   SumChunk<Term, S>{term, count, chunks, partial, out.rows, 0});
  add_sums_on_device(memory, chunks, Partials<S>{partial.data, out.rows, out.columns}, out);
}

/// The number that stands there.
template <Scalar T>
struct Element {
  View<const T> x;
  GLIFR_INLINE T operator()(Index r, Index c) const { return x(r, c); }
};

/// y += element.
template <class Element, class S>
struct AddElement {
  Element element;
  View<S> y;
  GLIFR_INLINE void operator()(Index r, Index c) const { y(r, c) += static_cast<S>(element(r, c)); }
};

/// out += the sums of element(r, c) over the rows (where `out` has one and there are more), the columns, both or
/// neither.
template <class Element, class S>
void add_sums(Arena& memory, Index rows, Index columns, const Element& element, View<S> out) {
  const bool over_rows = out.rows != rows, over_columns = out.columns != columns;
  if (!over_rows && !over_columns)
    return for_each_element(memory.device(), rows, columns, AddElement<Element, S>{element, out});
  if (memory.device()) {
    const Index count = (over_rows ? rows : 1) * (over_columns ? columns : 1);
    const Along along = !over_rows ? Along::columns : !over_columns ? Along::rows : Along::both;
    return add_sums_on_device(memory, count, Terms<Element>{element, along, columns}, out);
  }
  for (Index r = 0; r < rows; ++r) {
    for (Index c = 0; c < columns; ++c) out(over_rows ? 0 : r, over_columns ? 0 : c) += static_cast<S>(element(r, c));
  }
}

}  // namespace glifr::kernels
