"""One realistic text for each language, with what looks like a definition and is none, and what it defines.

An expectation is `kind name first-last`, from the line of the name to the last line of the definition.
"""

from tests.unit.workspaces.language_samples_more import MORE

SAMPLES: dict[str, tuple[str, str]] = {
    "shop/prices.py": (
        '''"""Prices.

def not_code(text):
    class Neither: of them
"""
from dataclasses import dataclass

LIMIT: int = 3
TABLE = {
    "a": 1,
}


@dataclass(frozen=True)
class Price:
    """class Inner: quoted."""

    euros: int

    @property
    async def rounded(
        self,
        digits: int = 2,
    ) -> int:
        text = """
def quoted():
    pass
"""
        return round(self.euros, digits)

    # def commented_out(self): ...

def first[T](items: list[T]) -> T:
    def inner(): return items[0]
    return inner()
''',
        """value LIMIT 8-8
value TABLE 9-11
type Price 15-31
function rounded 21-29
function first 33-35
function inner 34-34""",
    ),
    "web/cart.js": (
        """// function commented(a) {
/* class Blocked {
function blocked() { }
*/
import { a } from './a';
const RATE = 0.19;
export default async function checkout(cart, { rate = RATE } = {}) {
  if (cart.empty) { return null; }
  const text = `
function inTemplate() {
}`;
  const add = (a, b) => a + b;
  return add(1, 2);
}
export const total = async (items) => {
  for (const item of items) { sum(item); }
};
class Cart extends Base {
  #secret = 1;
  static async load(id) {
    while (true) { break; }
  }
  get size() { return 1; }
  handle = (event) => {
    switch (event.type) { default: }
  };
}
exports.render = function () {
  return /["{]/.test('}');
};
Cart.prototype.clear = () => {};
""",
        """value RATE 6-6
function checkout 7-14
function add 12-12
function total 15-17
type Cart 18-27
function load 20-22
function size 23-23
function handle 24-26
function render 28-30
function clear 31-31""",
    ),
    "web/api.ts": (
        """export interface User<T extends object = {}> {
  id: number;
}
export type Id = string | number;
declare enum Color { Red, Green }
export abstract class Store<T> implements Base<T> {
  constructor(private readonly url: string) {
    super();
  }
  @Cached({ ttl: 5 })
  protected async fetch<K extends keyof T>(key: K, opts?: { a: number }): Promise<T[K]> {
    return await this.get(`${this.url}/{`);
  }
}
export const pick = <T,>(value: T): T => {
  return value;
};
namespace Deep.Inner {
  export const x = 1;
}
""",
        """type User 1-3
type Id 4-4
type Color 5-5
type Store 6-14
function constructor 7-9
function fetch 11-13
value pick 15-17
module Deep.Inner 18-20""",
    ),
    "net/server.go": (
        """package net

import "fmt"

const Limit = 3

const (
	MaxSize int = 10
	MinSize     = 1
)

// func commented() {}
type Handler func(w Writer) error

type Server[T any] struct {
	addr string
	opts struct{ a int }
}

type (
	Conn interface {
		Read() error
	}
)

func (s *Server[T]) Listen(addr string, opts ...func(*Server[T])) (err error) {
	text := `
func quoted() {
`
	fmt.Println(text, "}")
	return nil
}

func Map[K comparable, V any](in map[K]V,
	f func(V) V) map[K]V {
	return in
}
""",
        """value Limit 5-5
value MaxSize 8-8
value MinSize 9-9
type Handler 13-13
type Server 15-18
type Conn 21-23
function Listen 26-32
function Map 34-37""",
    ),
    "src/main/java/shop/Cart.java": (
        """package shop;

/**
 * class Commented { }
   public void blocked() {
 */
@Service("cart")
public final class Cart<T extends Item> extends Base implements Closeable {
    private static final int MAX_ITEMS = 10;

    public Cart(int size) throws IOException {
        super(size);
    }

    @Override
    @Deprecated(since = "1") public <R> Map<String, List<R>> group(
            Function<T, R> by, int[] sizes) {
        if (sizes.length > 1) {
            return new HashMap<>(by.apply("{"));
        } else if (done()) {
            throw new IllegalState("class Quoted {");
        }
        return compute(by);
    }

    abstract int size();

    enum Kind { A, B }

    public record Point(int x, int y) { }

    interface Visitor<R> {
        R visit(Cart<?> cart);
    }
}
""",
        """type Cart 8-35
value MAX_ITEMS 9-9
function Cart 11-13
function group 16-24
function size 26-26
type Kind 28-28
type Point 30-30
type Visitor 32-34
function visit 33-33""",
    ),
    "core/parser.rs": (
        """//! fn commented() {}
use std::fmt;

pub(crate) const LIMIT: usize = 3;
static mut COUNT: u32 = 0;

/* fn blocked() {} */
#[derive(Debug, Clone)]
pub struct Parser<'a, T: 'a> {
    text: &'a str,
    open: char,
}

pub struct Unit;
pub enum Token { Word(String), End }
pub trait Visit<R> where R: Default {
    fn visit(&mut self) -> R;
}

impl<'a, T> fmt::Display for Parser<'a, T>
where
    T: fmt::Display,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brace = '{';
        write!(f, r#"fn quoted() { "#)
    }
}

pub async unsafe fn parse<T>(text: &str) -> Result<T, Error> {
    Ok(())
}

#[macro_export]
macro_rules! expect {
    ($e:expr) => { $e };
}

mod tests {
    pub extern "C" fn exported() {}
}
""",
        """value LIMIT 4-4
value COUNT 5-5
type Parser 9-12
type Unit 14-14
type Token 15-15
type Visit 16-18
function visit 17-17
type Parser 20-28
function fmt 24-27
function parse 30-32
function expect 35-37
module tests 39-41
function exported 40-40""",
    ),
    "lib/queue.c": (
        """#include <stdio.h>
#define MAX(a, b) ((a) > (b) ? (a) : (b))
/* int blocked(void) { */
// int commented(void) {
struct queue;
struct queue {
    int size;
};
typedef struct {
    int x;
} point_t;
typedef unsigned long size_type;

static int helper(int a);

static inline const char *name_of(const struct queue *q,
                                  int (*compare)(int, int))
{
    if (q->size > 0) {
        return "}";
    } else if (MAX(1, 2)) {
        for (;;) { }
    }
    switch (q->size) { default: break; }
    return helper(1);
}

int
main (int argc, char **argv)
{
    return 0;
}
""",
        """value MAX 2-2
type queue 6-8
type point_t 11-11
type size_type 12-12
function name_of 16-26
function main 29-32""",
    ),
    "lib/shape.cpp": (
        """#include "shape.h"
namespace geo::flat {

template <typename T, int N = 3>
class EXPORT_API Shape final : public Base<T> {
 public:
  explicit Shape(int sides) : sides_(sides), name_{"x"} {}
  ~Shape() override;
  [[nodiscard]] double area() const noexcept override { return 1'000.0; }
  bool operator==(const Shape& other) const { return true; }
 private:
  int sides_;
};

template <class T>
std::vector<std::pair<int, T>> Shape<T>::points(const T& from) const {
  if (from) { return {}; }
  auto lambda = [](int x) { return x; };
  return R"(class Quoted { )";
}

Shape<int>::~Shape() {
}

auto run(int a) -> decltype(a) { while (a) { --a; } return a; }

enum class Color : int { Red };
using Points = std::vector<int>;
}

TEST_F(ShapeTest, HasArea) {
  EXPECT_EQ(1, 1);
}
""",
        """module geo::flat 2-29
type Shape 5-13
function Shape 7-7
function area 9-9
function operator== 10-10
function Shape<T>::points 16-20
function Shape<int>::~Shape 22-23
function run 25-25
type Color 27-27
type Points 28-28
function HasArea 31-33""",
    ),
    **MORE,
}
