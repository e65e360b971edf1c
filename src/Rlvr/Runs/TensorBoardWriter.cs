using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Rlvr.Runs;

/// <summary>
/// Writes scalars as a TensorBoard events file. The format is TFRecord (length, masked CRC-32C of the length, data, masked CRC-32C of
/// the data) around the protobuf message <c>tensorflow.Event</c> (tensorflow/core/util/event.proto).
/// </summary>
public sealed class TensorBoardWriter : IDisposable
{
    private readonly FileStream _file;

    /// <summary>Starts a new events file.</summary>
    /// <param name="folder">The folder of the run's events files; made when missing.</param>
    /// <param name="afterStep">The step this file goes on from; TensorBoard drops what earlier files have at later steps.</param>
    public TensorBoardWriter(string folder, int afterStep = 0)
    {
        Directory.CreateDirectory(folder);
        var now = DateTimeOffset.UtcNow;
        // The names sort by time, which is the order TensorBoard reads them in.
        var path = Path.Combine(folder, $"events.out.tfevents.{now.ToUnixTimeSeconds()}.{now.Ticks % TimeSpan.TicksPerSecond:D7}.rlvr");
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        Write(Event(Seconds(now), 0, w => w.Text(3, "brain.Event:2")));
        if (afterStep > 0)
            Write(Event(Seconds(now), afterStep + 1, w => w.Message(7, log => log.Varint(1, 1)))); // SessionLog.status = START
    }

    /// <summary>Adds the values of one step. Values that are not finite are left out.</summary>
    public void Scalars(int step, IEnumerable<(string Name, double Value)> values) =>
        Scalars(step, values, Seconds(DateTimeOffset.UtcNow));

    internal void Scalars(int step, IEnumerable<(string Name, double Value)> values, double seconds) =>
        Write(Event(seconds, step, w => w.Message(5, summary =>
        {
            foreach (var (name, value) in values.Where(v => double.IsFinite(v.Value)))
            {
                summary.Message(1, one =>
                {
                    one.Text(1, name);
                    one.Float(2, (float)value);
                });
            }
        })));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Write(byte[] data) => _file.Write(Frame(data));

    private static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    private static byte[] Event(double seconds, long step, Action<Protobuf> content)
    {
        var message = new Protobuf();
        message.Double(1, seconds);
        message.Varint(2, (ulong)step);
        content(message);
        return message.ToArray();
    }

    /// <summary>One TFRecord.</summary>
    internal static byte[] Frame(ReadOnlySpan<byte> data)
    {
        var record = new byte[8 + 4 + data.Length + 4];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc(record.AsSpan(0, 8)));
        data.CopyTo(record.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), MaskedCrc(data));
        return record;
    }

    /// <summary>CRC-32C (Castagnoli).</summary>
    internal static uint Crc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    // A CRC of data that holds CRCs is weak, so they are stored turned and shifted.
    private static uint MaskedCrc(ReadOnlySpan<byte> data) => BitOperations.RotateRight(Crc(data), 15) + 0xa282ead8;

    /// <summary>The few kinds of protobuf fields that are needed.</summary>
    private sealed class Protobuf
    {
        private readonly List<byte> _bytes = [];

        public void Double(int field, double value)
        {
            Tag(field, 1);
            Span<byte> eight = stackalloc byte[8];
            BinaryPrimitives.WriteDoubleLittleEndian(eight, value);
            _bytes.AddRange(eight);
        }

        public void Float(int field, float value)
        {
            Tag(field, 5);
            Span<byte> four = stackalloc byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(four, value);
            _bytes.AddRange(four);
        }

        public void Varint(int field, ulong value)
        {
            Tag(field, 0);
            Varint(value);
        }

        public void Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

        public void Message(int field, Action<Protobuf> content)
        {
            var inner = new Protobuf();
            content(inner);
            Bytes(field, inner.ToArray());
        }

        public byte[] ToArray() => [.. _bytes];

        private void Bytes(int field, byte[] bytes)
        {
            Tag(field, 2);
            Varint((ulong)bytes.Length);
            _bytes.AddRange(bytes);
        }

        private void Tag(int field, int wireType) => Varint((ulong)((field << 3) | wireType));

        private void Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
                _bytes.Add((byte)(value | 0x80));
            _bytes.Add((byte)value);
        }
    }
}
