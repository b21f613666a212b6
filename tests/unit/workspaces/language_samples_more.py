"""The same for the languages that came second."""

MORE: dict[str, tuple[str, str]] = {
    "app/models/user.rb": (
        """# class Commented
=begin
class Blocked
=end
module Admin
  class User < ApplicationRecord
    MAX_AGE = 120
    attr_accessor :name
    scope :active, -> { where(active: true) }

    def self.find_by_token!(token)
      text = <<~SQL
        def quoted
        end
      SQL
      if token
        text
      end
    end

    private def secret? = true

    def ==(other)
      "class Quoted"
    end

    class << self
      def build; new; end
    end
  end
  Point = Struct.new(:x, :y)
end
""",
        """module Admin 5-32
type User 6-30
value MAX_AGE 7-7
function name 8-8
function active 9-9
function find_by_token! 11-19
function secret? 21-21
function == 23-25
function build 28-28
type Point 31-31""",
    ),
    "src/Cart.php": (
        """<?php
namespace App\\Shop;

# function commented() {}
/* class Blocked {} */
interface Priced { public function price(): int; }
#[Entity]
abstract class Cart extends Base implements Priced
{
    public const LIMIT = 3;
    private static ?self $one = null;

    final public static function &open(array $items = [], ?int $max = null): ?self
    {
        $add = function ($x) { return $x; };
        $text = "
function quoted() {
";
        return $this->find("}");
    }
}
trait Countable2 { }
enum Suit: string { case Hearts = 'H'; }
function helper(int ...$x): void {
}
define('VERSION', '1');
""",
        """module App\\Shop 2-2
type Priced 6-6
type Cart 8-21
value LIMIT 10-10
function open 13-20
type Countable2 22-22
type Suit 23-23
function helper 24-25
value VERSION 26-26""",
    ),
    "Shop/Cart.cs": (
        """using System;
namespace Shop.Carts
{
    // class Commented {}
    public delegate void Changed(object sender);

    [Serializable]
    public sealed class Cart<T> : ICart<T> where T : IItem
    {
        public int Count { get; private set; }
        public string Name => $"{Count} }}";

        internal Cart(int size) : base(size)
        {
        }

        public async Task<Dictionary<string, T?>> LoadAsync<K>(
            int[] ids, Func<K, bool> where)
        {
            if (ids.Length > 0) { return null; }
            var text = @"
public class Quoted {
";
            await Task.Delay(1);
            return await this.Find(text);
        }

        public static bool operator ==(Cart<T> a, Cart<T> b) => true;

        void ICart<T>.Clear() { }
    }

    public record struct Point(int X, int Y);
    enum Kind { A }
}
""",
        """module Shop.Carts 2-35
type Changed 5-5
type Cart 8-31
value Count 10-10
value Name 11-11
function Cart 13-15
function LoadAsync 17-26
function == 28-28
type Point 33-33
type Kind 34-34""",
    ),
    "app/Main.kt": (
        """package app
// fun commented() {}
const val LIMIT = 3
data class User(val name: String, val age: Int = 3)
sealed interface Shape {
    fun area(): Double
}
object Registry {
    suspend fun <T : Any> load(id: Int): List<T> {
        if (id > 0) { return emptyList() }
        return listOf()
    }
}
inline fun <reified T> List<T>.second(): T = this[1]
fun `names with blanks`() {
}
""",
        """value LIMIT 3-3
type User 4-4
type Shape 5-7
function area 6-6
type Registry 8-13
function load 9-12
function second 14-14
function `names with blanks` 15-16""",
    ),
    "App/View.swift": (
        """import UIKit
public protocol Store: AnyObject {
    func save(_ item: Item) throws
}
final class View<T>: UIView where T: Store {
    required init?(coder: NSCoder) {
        super.init(coder: coder)
    }
    @discardableResult static func == (a: View, b: View) -> Bool { true }
    private func load<K>(key: K) async -> K? {
        return nil
    }
}
extension String {
}
""",
        """type Store 2-4
function save 3-3
type View 5-13
function init 6-8
function == 9-9
function load 10-12
type String 14-15""",
    ),
    "bin/deploy.sh": (
        """#!/bin/sh
# build() {
build() {
    echo "fake() {"
    cat <<EOF
quoted() {
EOF
}
function clean-up {
    rm -f x
}
release () {
  build
}
""",
        """function build 3-8
function clean-up 9-11
function release 12-14""",
    ),
    "db/schema.sql": (
        """-- CREATE TABLE commented (id int);
CREATE TABLE IF NOT EXISTS public.users (
    id integer PRIMARY KEY,
    name text DEFAULT 'a;b'
);
create or replace function total(a int) returns int as $$ select a $$ language sql;
CREATE UNIQUE INDEX users_name ON users (name);
""",
        """type users 2-5
function total 6-6
value users_name 7-7""",
    ),
}
