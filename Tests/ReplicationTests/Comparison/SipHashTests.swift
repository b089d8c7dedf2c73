import Testing

@testable import Replication

/// The vectors of the reference (`vectors_sip128` of Aumasson's and Bernstein's code): the key is 00 01 … 0f, the input 00 01 … of so
/// many bytes.
@Suite struct SipHashTests {
    static let vectors: [(count: Int, hash: String)] = [
        (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
        (2, "8177228da4a45dc7fca38bdef60affe4"), (3, "9c70b60c5267a94e5f33b6b02985ed51"),
        (7, "a1f1ebbed8dbc153c0b84aa61ff08239"), (8, "3b62a9ba6258f5610f83e264f31497b4"),
        (9, "264499060ad9baabc47f8b02bb6d71ed"), (15, "5493e99933b0a8117e08ec0f97cfc3d9"),
        (16, "6ee2a4ca67b054bbfd3315bf85230577"), (63, "5150d1772f50834a503e069a973fbd7c"),
    ]
    static let key = SipHash(key: 0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

    @Test(arguments: vectors) func hashesAsTheReference(vector: (count: Int, hash: String)) {
        let input = (0..<UInt8(vector.count)).map { $0 }
        let value = input.withUnsafeBytes { Self.key.hash($0) }
        let bytes = [value.low, value.high].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
        #expect(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == vector.hash)
    }

    @Test func hashesThreeWordsAsTheirBytes() {
        let words: [UInt64] = [1, .max, 0x0123_4567_89ab_cdef]
        let value = words.map(\.littleEndian).withUnsafeBytes { Self.key.hash($0) }
        #expect(Self.key.hash(words[0], words[1], words[2]) == value.low)
    }

    @Test func dependsOnBothHalvesOfTheKey() {
        let hashes = [SipHash(key: 0, 0), SipHash(key: 1, 0), SipHash(key: 0, 1), .random(), .random()]
            .map { $0.hash(1, 2, 3) }
        #expect(Set(hashes).count == hashes.count)
    }
}
