import CZstd
import Foundation

/// What documents of one database have in common, so that each can be compressed by itself and still be small.
package struct CompressionDictionary: Sendable, Hashable {
    /// The largest size, in bytes; more gains nothing for documents (measured).
    static let capacity = 16 << 10
    /// Fewer documents than these don't tell what they have in common.
    static let minimumSamples = 1_000
    /// How many documents and bytes are looked at.
    static let maximumSamples = 2_000
    static let maximumSampleBytes = 8 << 20

    /// Its number in the vault's file, from 1.
    let id: Int
    let bytes: Data

    /// Learns a dictionary; nil where there are too few documents, or where they have nothing in common.
    static func trained(on samples: some Sequence<Data>) -> Data? {
        var joined = Data()
        var sizes: [Int] = []
        for sample in samples where sample.count <= 64 << 10 {
            guard sizes.count < maximumSamples, joined.count + sample.count <= maximumSampleBytes else { break }
            joined.append(sample)
            sizes.append(sample.count)
        }
        guard sizes.count >= minimumSamples else { return nil }
        var dictionary = Data(count: capacity)
        let size = dictionary.withUnsafeMutableBytes { target in
            joined.withUnsafeBytes { source in
                ZDICT_trainFromBuffer(
                    target.baseAddress, target.count, source.baseAddress, sizes, UInt32(sizes.count))
            }
        }
        guard ZDICT_isError(size) == 0 else { return nil }
        return dictionary.prefix(size)
    }
}
