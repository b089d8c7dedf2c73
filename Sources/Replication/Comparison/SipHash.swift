/// SipHash-2-4 with 128 bits and a key (Aumasson and Bernstein, 2012): hashes that nobody can foresee who has not the key.
package struct SipHash: Sendable, Hashable, Codable {
    private let first: UInt64
    private let second: UInt64

    /// A hash with this key.
    package init(key first: UInt64, _ second: UInt64) {
        self.first = first
        self.second = second
    }

    /// A hash with a random key.
    package static func random() -> SipHash {
        SipHash(key: .random(in: .min ... .max), .random(in: .min ... .max))
    }

    /// The two halves of a hash.
    package struct Value: Sendable, Hashable {
        package var low: UInt64
        package var high: UInt64
    }

    /// Hashes bytes.
    package func hash(_ bytes: UnsafeRawBufferPointer) -> Value {
        var state = State(first, second)
        var offset = 0
        while offset + 8 <= bytes.count {
            state.take(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        for (index, byte) in bytes[offset...].enumerated() { last |= UInt64(byte) << (8 * UInt64(index)) }
        state.take(last)
        return state.finish()
    }

    /// Hashes three words as the bytes that they have in little-endian order, and gives the lower half.
    @inline(__always)
    func hash(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
        var state = State(first, second)
        state.take(a)
        state.take(b)
        state.take(c)
        state.take(24 << 56)
        return state.finish().low
    }

    private struct State {
        private var v0: UInt64
        private var v1: UInt64
        private var v2: UInt64
        private var v3: UInt64

        @inline(__always)
        init(_ k0: UInt64, _ k1: UInt64) {
            v0 = 0x736f_6d65_7073_6575 ^ k0
            v1 = 0x646f_7261_6e64_6f6d ^ k1 ^ 0xee
            v2 = 0x6c79_6765_6e65_7261 ^ k0
            v3 = 0x7465_6462_7974_6573 ^ k1
        }

        @inline(__always)
        mutating func take(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        @inline(__always)
        mutating func finish() -> Value {
            v2 ^= 0xee
            for _ in 0..<4 { round() }
            let low = v0 ^ v1 ^ v2 ^ v3
            v1 ^= 0xdd
            for _ in 0..<4 { round() }
            return Value(low: low, high: v0 ^ v1 ^ v2 ^ v3)
        }

        @inline(__always)
        private mutating func round() {
            v0 &+= v1
            v1 = Self.rotate(v1, 13) ^ v0
            v0 = Self.rotate(v0, 32)
            v2 &+= v3
            v3 = Self.rotate(v3, 16) ^ v2
            v0 &+= v3
            v3 = Self.rotate(v3, 21) ^ v0
            v2 &+= v1
            v1 = Self.rotate(v1, 17) ^ v2
            v2 = Self.rotate(v2, 32)
        }

        @inline(__always)
        private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 { word << count | word >> (64 - count) }
    }
}
