#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

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

/// Terms that a thread asks for before it adds the first of them, so that it waits for memory once for all of them.
inline constexpr std::size_t terms_at_once = 8;

/// term(first) + term(first + step) + ..., those below `count`, in this order.
template <class S, std::size_t AtOnce = terms_at_once, class Term>
GLIFR_INLINE S add_up(Index first, Index count, Index step, const Term& term) {
  S sum{};
  Index k = first;
  for (; k + static_cast<Index>(AtOnce - 1) * step < count; k += static_cast<Index>(AtOnce) * step) {
    std::array<S, AtOnce> values;
    for (std::size_t i = 0; i < AtOnce; ++i) values[i] = static_cast<S>(term(k + static_cast<Index>(i) * step));
    for (std::size_t i = 0; i < AtOnce; ++i) sum += values[i];
  }
  for (; k < count; k += step) sum += static_cast<S>(term(k));
  return sum;
}

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
    const S sum = add_up<S>(chunk, count, chunks, [&](Index k) { return term(k, r, c); });
    if (adds) {
      out(row, c) += sum;
    } else {
      out(row, c) = sum;
    }
  }
};

/// The most terms that a thread adds up by itself.
inline constexpr Index terms_a_thread = 128;

/// Chunks of `count` terms, such that all threads of all stages of a sum add up about as many.
inline Index count_chunks(Index count) {
  Index stages = 1;
  for (Index reach = terms_a_thread; reach < count; reach *= terms_a_thread) ++stages;
  const auto reaches = [&](Index terms) {
    Index reach = 1;
    for (Index stage = 0; stage < stages; ++stage) reach *= terms;
    return reach >= count;
  };
  Index terms = 1;
  while (!reaches(terms)) ++terms;
  return (count + terms - 1) / terms;
}

/// Sums of `chunks` chunks of the terms of `rows` by `columns` sums: [chunks * rows, columns].
template <class S, class Term>
Partials<S> sum_chunks(Arena& memory, Index count, Index chunks, const Term& term, Index rows, Index columns) {
  const View<S> partial(memory.template allocate<S>(chunks * rows * columns), chunks * rows, columns);
  for_each_element(memory.device(), partial.rows, columns, SumChunk<Term, S>{term, count, chunks, partial, rows, 0});
  return {partial.data, rows, columns};
}

/// out = or, where it `adds`, += the sums of `count` terms each.
template <class Term, class S>
void sum_on_device(Arena& memory, Index count, const Term& term, View<S> out, bool adds) {
  if (count <= terms_a_thread) {
    return for_each_element(memory.device(), out.rows, out.columns,
                            SumChunk<Term, S>{term, count, 1, out, std::max<Index>(1, out.rows), adds ? 1 : 0});
  }
  const Index chunks = count_chunks(count);
  sum_on_device(memory, chunks, sum_chunks<S>(memory, count, chunks, term, out.rows, out.columns), out, adds);
}

/// What is left of a sum for a single thread to add up.
template <class S>
struct FewTerms {
  static constexpr Index most = 256;

  const S* data = nullptr;  ///< null: no terms
  Index count = 0;

  GLIFR_INLINE S sum() const {
    return add_up<S, 16>(0, count, 1, [this](Index k) { return data[k]; });
  }
};

/// The sum of `count` terms term(k, 0, 0), but for the last stage. A term is looked at once, by a thread that may do
/// more with it.
template <class S, class Term>
FewTerms<S> sum_to_few(Arena& memory, Index count, const Term& term) {
  const auto fewer = [](Index n) {
    return n <= FewTerms<S>::most * terms_a_thread ? std::min(n, FewTerms<S>::most) : count_chunks(n);
  };
  Index left = fewer(count);
  Partials<S> partial = sum_chunks<S>(memory, count, left, term, 1, 1);
  while (left > FewTerms<S>::most) {
    const Index next = fewer(left);
    partial = sum_chunks<S>(memory, left, next, partial, 1, 1);
    left = next;
  }
  return {partial.data, left};
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
    return sum_on_device(memory, count, Terms<Element>{element, along, columns}, out, true);
  }
  for (Index r = 0; r < rows; ++r) {
    for (Index c = 0; c < columns; ++c) out(over_rows ? 0 : r, over_columns ? 0 : c) += static_cast<S>(element(r, c));
  }
}

}  // namespace glifr::kernels
