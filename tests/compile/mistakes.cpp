// What people get wrong, one at a time: compiled with -DCASE=N by run.cmake, which looks at what the compiler says.
#include "glifr/cells/cell.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/network/network.hpp"

namespace {

using namespace glifr;

/// The one that is right.
struct Right {
  static constexpr const char* name = "right";

  template <class T>
  struct State {
    T rate, voltage;

    static constexpr Field fields[] = {{.name = "rate"}, {.name = "voltage"}};
  };
  template <class T>
  struct Parameters {
    T thresh;

    static constexpr Field fields[] = {{.name = "thresh"}};
  };
  template <class T>
  struct Constants {};

  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>&, const T& current) {
    s.voltage = s.voltage * 0.5 + current;
    s.rate = sigmoid(s.voltage - p.thresh);
  }
};

struct Nameless {
  template <class T>
  using State = Right::State<T>;
  template <class T>
  using Parameters = Right::Parameters<T>;
  template <class T>
  using Constants = Right::Constants<T>;
};
struct Stepless : Nameless {
  static constexpr const char* name = "stepless";
};
#define STEP                  \
  template <class T, class C> \
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>&, const T& current)

struct Undescribed : Right {
  template <class T>
  struct Parameters {
    T thresh;
  };
  STEP { s.rate = current - p.thresh; }
};
struct Forgotten : Right {
  template <class T>
  struct Parameters {
    T thresh, gain;

    static constexpr Field fields[] = {{.name = "thresh"}};
  };
  STEP { s.rate = p.gain * current - p.thresh; }
};
struct Branching : Right {
  STEP {
    s.voltage = s.voltage + current;
    if (s.voltage > p.thresh) s.rate = 1;
  }
};
struct UnknownFunction : Right {
  STEP {
    s.voltage = sinh(s.voltage) + current;
    s.rate = s.voltage - p.thresh;
  }
};
struct StandardFunction : Right {
  STEP {
    s.voltage = s.voltage + current;
    s.rate = std::exp(s.voltage - p.thresh);
  }
};
struct Incrementing : Right {
  STEP {
    s.voltage += current;
    s.rate = s.voltage - p.thresh;
  }
};
struct Unassigned : Right {
  STEP {
    T leak;
    s.voltage = leak * s.voltage + current;
    s.rate = s.voltage - p.thresh;
  }
};

struct Conjunction : Right {
  STEP {
    s.voltage = s.voltage + current;
    s.rate = select(less(p.thresh, s.voltage) && less(0, current), 1, s.voltage);
  }
};
struct Counting : Right {
  template <class T>
  struct Parameters {
    int count;

    static constexpr Field fields[] = {{.name = "count"}};
  };
  STEP { s.rate = current; }
};
struct Weighing : Right {
  template <class T>
  struct State {
    T rate;
    double weight;

    static constexpr Field fields[] = {{.name = "rate"}, {.name = "weight"}};
  };
  STEP { s.rate = s.weight * current; }
};
struct ByValue : Right {
  static GLIFR_INLINE constexpr void step(auto s, const auto& p, const auto&, const auto& current) {
    s.voltage = s.voltage * 0.5 + current;
    s.rate = sigmoid(s.voltage - p.thresh);
  }
};
struct Timeless : Right {
  template <class T>
  struct Parameters {
    T thresh;

    static constexpr Field fields[] = {{.name = "thresh", .transform = Transform::decay_rate}};
  };
  STEP { s.rate = s.rate + p.thresh * current; }
};

}  // namespace

#if CASE == 0
using Tried = Network<Cell<Right, float>>;
#elif CASE == 1
using Tried = Cell<Nameless, float>;
#elif CASE == 2
using Tried = Cell<Stepless, float>;
#elif CASE == 3
using Tried = Cell<Undescribed, float>;
#elif CASE == 4
using Tried = Cell<Forgotten, float>;
#elif CASE == 5
using Tried = Cell<Branching, float>;
#elif CASE == 6
using Tried = Cell<UnknownFunction, float>;
#elif CASE == 7
using Tried = Cell<StandardFunction, float>;
#elif CASE == 8
using Tried = Cell<Incrementing, float>;
#elif CASE == 9
using Tried = Cell<Unassigned, float>;
#elif CASE == 10
using Tried = Network<Rnn>;
#elif CASE == 11
using Tried = Cell<Rnn, int>;
#elif CASE == 12
using Tried = CellSettings<int>;
#elif CASE == 13
using Tried = Cell<Conjunction, float>;
#elif CASE == 14
using Tried = Cell<Counting, float>;
#elif CASE == 15
using Tried = Cell<Weighing, float>;
#elif CASE == 16
using Tried = Cell<ByValue, float>;
#elif CASE == 17
using Tried = Cell<Timeless, float>;
#endif

constexpr auto size = sizeof(Tried);
#if (CASE > 0 && CASE < 10) || CASE > 12
Tried make(const Tried::Settings& settings) {
  return Tried(settings);
}
#endif
